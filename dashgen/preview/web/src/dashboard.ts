/** Grafana's classic dashboard JSON, as far as it is read here. */
import type { DataLink, DataSourceRef, DataTransformerConfig, FieldConfigSource } from '@grafana/data';

export interface Target {
  refId: string;
  datasource?: DataSourceRef | null;
  expr?: string;
  format?: 'time_series' | 'table' | 'heatmap';
  hide?: boolean;
  instant?: boolean;
  range?: boolean;
  interval?: string;
  legendFormat?: string;
}

export interface GridPos {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: GridPos;
  datasource?: DataSourceRef | null;
  targets?: Target[];
  transformations?: DataTransformerConfig[];
  options?: Record<string, unknown>;
  fieldConfig?: FieldConfigSource;
  links?: DataLink[];
  interval?: string;
  maxDataPoints?: number;
  pluginVersion?: string;
  timeFrom?: string;
  timeShift?: string;
  transparent?: boolean;
  repeat?: string;
  repeatDirection?: 'h' | 'v';
  maxPerRow?: number;
  /** Rows only. */
  collapsed?: boolean;
  panels?: Panel[];
}

export type VariableValue = string | string[];

export interface Variable {
  type: string;
  name: string;
  label?: string | null;
  description?: string | null;
  hide?: number;
  skipUrlSync?: boolean;
  query?: unknown;
  current?: { text?: VariableValue; value?: VariableValue };
  datasource?: DataSourceRef | null;
  regex?: string;
  sort?: number;
  refresh?: number;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string | null;
  auto?: boolean;
  auto_min?: string;
  auto_count?: number;
}

export interface Annotation {
  name: string;
  datasource?: DataSourceRef | null;
  enable: boolean;
  hide?: boolean;
  iconColor: string;
  expr?: string;
  step?: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
}

export interface DashboardLink {
  type: 'link' | 'dashboards';
  title: string;
  tooltip?: string;
  url?: string;
  tags?: string[];
  asDropdown?: boolean;
  includeVars?: boolean;
  keepTime?: boolean;
  targetBlank?: boolean;
}

export interface Dashboard {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  panels: Panel[];
  templating?: { list: Variable[] };
  annotations?: { list: Annotation[] };
  links?: DashboardLink[];
  time?: { from: string; to: string };
  timepicker?: { refresh_intervals?: string[] };
  timezone?: string;
  refresh?: string | false;
  graphTooltip?: number;
  weekStart?: string;
}

/** All panels that draw something: also those in collapsed rows, but no rows. */
export function allPanels(dashboard: Dashboard): Panel[] {
  return dashboard.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}

/** A panel says in its description when it is empty; one that does not must show data. */
export function mayBeEmpty(description: string | undefined): boolean {
  return description?.includes('**Empty when:**') ?? false;
}
