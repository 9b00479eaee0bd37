/** Parts of rings, as SVG paths around the origin. Angles are in turns, clockwise from the top. */

function point(radius: number, turns: number): string {
  const angle = turns * 2 * Math.PI;
  return `${(radius * Math.sin(angle)).toFixed(2)} ${(-radius * Math.cos(angle)).toFixed(2)}`;
}

/** A ring's part between two angles; a whole turn is drawn as nearly one, as its ends would meet. */
export function arc(outer: number, inner: number, from: number, to: number): string {
  const end = Math.min(to, from + 0.9999);
  const large = end - from > 0.5 ? 1 : 0;
  return [
    `M ${point(outer, from)}`,
    `A ${outer} ${outer} 0 ${large} 1 ${point(outer, end)}`,
    `L ${point(inner, end)}`,
    `A ${inner} ${inner} 0 ${large} 0 ${point(inner, from)}`,
    'Z',
  ].join(' ');
}
