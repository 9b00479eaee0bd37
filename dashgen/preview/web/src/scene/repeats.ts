/** Repeated panels and rows: one copy for each value of a variable, as Grafana lays them out. */
import type { GridPos, Panel } from '../dashboard';

const COLUMNS = 24;

export interface Choice {
  value: string;
  text: string;
}

export type Scoped = Record<string, Choice>;

/** A panel at its place; `scoped` has the values that only this copy sees, `copy` tells the copies apart. */
export interface Placed {
  panel: Panel;
  gridPos: GridPos;
  scoped: Scoped;
  copy: string;
}

export interface PlacedRow extends Placed {
  children: Placed[];
  isCollapsed: boolean;
}

export type PlacedItem = Placed | PlacedRow;

export type Choices = (variable: string) => Choice[];

/** The variables that something repeats by. */
export function repeatedBy(panels: Panel[]): Set<string> {
  const names = panels.flatMap((panel) => [panel.repeat ?? '', ...repeatedBy(panel.panels ?? [])]);
  return new Set(names.filter(Boolean));
}

/** Below each other with the panel's own width, or beside each other in shares of the whole width. */
function places({ gridPos, maxPerRow = 4, repeatDirection = 'h' }: Panel, count: number): GridPos[] {
  if (repeatDirection === 'v') {
    return Array.from({ length: count }, (_, index) => ({ ...gridPos, y: gridPos.y + index * gridPos.h }));
  }
  const perRow = Math.min(count, maxPerRow);
  const width = COLUMNS / perRow;
  return Array.from({ length: count }, (_, index) => ({
    x: (index % perRow) * width,
    y: gridPos.y + Math.floor(index / perRow) * gridPos.h,
    w: width,
    h: gridPos.h,
  }));
}

function copies(panel: Panel, choices: Choices, outer: Scoped, copy: string): Placed[] {
  const values = panel.repeat && !(panel.repeat in outer) ? choices(panel.repeat) : [];
  if (!panel.repeat || !values.length) {
    return [{ panel, gridPos: panel.gridPos, scoped: outer, copy }];
  }
  const name = panel.repeat;
  return places(panel, values.length).map((gridPos, index) => ({
    panel,
    gridPos,
    scoped: { ...outer, [name]: values[index] ?? { value: '', text: '' } },
    copy: index === 0 ? copy : `${copy}-${index}`,
  }));
}

const bottom = (placed: { gridPos: GridPos }[]) => Math.max(0, ...placed.map(({ gridPos }) => gridPos.y + gridPos.h));

/** Places panels one after the other; what grows by its copies pushes down what follows. */
function place(panels: Panel[], choices: Choices, outer: Scoped, copy: string): { placed: Placed[]; grown: number } {
  const placed: Placed[] = [];
  let grown = 0;
  for (const panel of panels) {
    const made = copies(panel, choices, outer, copy).map((item) => ({
      ...item,
      gridPos: { ...item.gridPos, y: item.gridPos.y + grown },
    }));
    grown += Math.max(0, bottom(made) - (panel.gridPos.y + grown + panel.gridPos.h));
    placed.push(...made);
  }
  return { placed, grown };
}

interface Section {
  row?: Panel;
  panels: Panel[];
}

/** An open row owns the panels after it, a collapsed one those in it. */
function sections(panels: Panel[]): Section[] {
  const found: Section[] = [{ panels: [] }];
  for (const panel of panels) {
    if (panel.type === 'row') {
      found.push({ row: panel, panels: [...(panel.panels ?? [])] });
    } else if (found.at(-1)?.row?.collapsed) {
      found.push({ panels: [panel] });
    } else {
      found.at(-1)?.panels.push(panel);
    }
  }
  return found;
}

const moved = <Item extends Placed>(item: Item, down: number): Item => ({
  ...item,
  gridPos: { ...item.gridPos, y: item.gridPos.y + down },
});

/** Rows, each with the panels in it, and panels outside of rows; `expand` opens what is collapsed. */
export function layOut(panels: Panel[], choices: Choices, expand: boolean): PlacedItem[] {
  let down = 0;
  return sections(panels).flatMap(({ row, panels: inside }): PlacedItem[] => {
    if (!row) {
      const { placed, grown } = place(inside, choices, {}, '');
      const items = placed.map((item) => moved(item, down));
      down += grown;
      return items;
    }
    const isCollapsed = Boolean(row.collapsed) && !expand;
    const rows = copies({ ...row, repeatDirection: 'v' }, choices, {}, '').map((item): PlacedRow => {
      const { placed } = place(inside, choices, item.scoped, item.copy);
      const children = placed.map((child) => moved(child, down));
      const placedRow = { ...moved({ ...item, gridPos: row.gridPos }, down), children, isCollapsed };
      down += isCollapsed ? 1 : extent(row, placed);
      return placedRow;
    });
    down -= row.collapsed ? 1 : extent(row, inside);
    return rows;
  });
}

/** The height of an open row with the panels in it. */
function extent(row: Panel, inside: { gridPos: GridPos }[]): number {
  return Math.max(1, bottom(inside) - row.gridPos.y);
}
