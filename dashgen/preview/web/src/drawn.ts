/** Which answers have been drawn: a panel is finished when its latest one is. */
import type { PanelData } from '@grafana/data';

const drawn = new WeakSet();

export function markDrawn(data: PanelData): void {
  if (data.request) {
    drawn.add(data.request);
  }
}

export function isDrawn(data: PanelData): boolean {
  return data.request === undefined || drawn.has(data.request);
}
