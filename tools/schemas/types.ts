/**
 * The dashboard that Grafana saves (its classic JSON model), strict where @grafana/schema is open.
 *
 * @grafana/schema types the dashboard and, apart from it, the options of each panel; its `Panel` leaves
 * `options`, `custom` and `targets` open. Here the two are joined, so that a typo in an option is an error.
 * The `grafana/…` modules are those of one version: `generate.mjs` maps them.
 *
 * What is ours, because @grafana/schema has no type for it, is marked "ours".
 */
import type * as G from 'grafana/dashboard';
import type * as BarGauge from 'grafana/panel/bargauge';
import type * as Gauge from 'grafana/panel/gauge';
import type * as PieChart from 'grafana/panel/piechart';
import type * as Stat from 'grafana/panel/stat';
import type * as StateTimeline from 'grafana/panel/statetimeline';
import type * as StatusHistory from 'grafana/panel/statushistory';
import type * as Table from 'grafana/panel/table';
import type * as Text from 'grafana/panel/text';
import type * as TimeSeries from 'grafana/panel/timeseries';

/** Grafana fills what a dashboard leaves out, so no option is required; a wrong one is still wrong. */
type Partly<T> = T extends unknown[] ? T : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;
type Replace<T, R> = Omit<T, keyof R> & R;

/** Ours: always both, as a name alone depends on the Grafana it lands in. */
export interface DataSourceRef {
  type: string;
  uid: string;
}

/** Ours: a query of the Prometheus data source. */
export interface PrometheusQuery {
  datasource: DataSourceRef;
  editorMode?: 'builder' | 'code';
  exemplar?: boolean;
  expr: string;
  format?: 'heatmap' | 'table' | 'time_series';
  hide?: boolean;
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
  refId: string;
}

/** Ours: @grafana/schema gives a panel's links the type of a dashboard's, and leaves a field's open. */
export interface DataLink {
  oneClick?: boolean;
  targetBlank?: boolean;
  title: string;
  url: string;
}

type FieldConfig<Custom> = Replace<
  G.FieldConfigSource,
  { defaults: Replace<G.FieldConfig, { custom?: Partly<Custom>; links?: DataLink[] }> }
>;
type NoCustom = Record<never, never>;
type Placed = { gridPos: G.GridPos; id: number; links?: DataLink[] };
type QueryPanel<Type extends string, Options, Custom = NoCustom> = Replace<
  G.Panel,
  Placed & {
    datasource: DataSourceRef;
    fieldConfig: FieldConfig<Custom>;
    options: Partly<Options>;
    targets: PrometheusQuery[];
    title: string;
    type: Type;
  }
>;

export type BarGaugePanel = QueryPanel<'bargauge', BarGauge.Options>;
export type GaugePanel = QueryPanel<'gauge', Gauge.Options>;
export type PieChartPanel = QueryPanel<'piechart', PieChart.Options, PieChart.FieldConfig>;
export type StatPanel = QueryPanel<'stat', Stat.Options>;
export type StateTimelinePanel = QueryPanel<'state-timeline', StateTimeline.Options, StateTimeline.FieldConfig>;
export type StatusHistoryPanel = QueryPanel<'status-history', StatusHistory.Options, StatusHistory.FieldConfig>;
export type TablePanel = QueryPanel<'table', Table.Options, Table.FieldConfig>;
export type TimeSeriesPanel = QueryPanel<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>;
export type TextPanel = Replace<
  G.Panel,
  Placed & {
    datasource?: DataSourceRef;
    fieldConfig?: FieldConfig<NoCustom>;
    options: Partly<Text.Options>;
    targets?: PrometheusQuery[];
    type: 'text';
  }
>;
export type Panel =
  | BarGaugePanel
  | GaugePanel
  | PieChartPanel
  | StatPanel
  | StateTimelinePanel
  | StatusHistoryPanel
  | TablePanel
  | TextPanel
  | TimeSeriesPanel;
export type RowPanel = Replace<
  G.RowPanel,
  { datasource?: DataSourceRef; gridPos: G.GridPos; panels: Panel[]; title: string }
>;

/** Ours: a variable's query as the query editor of the Prometheus data source saves it. */
export interface PrometheusVariableQuery {
  label?: string;
  labelFilters?: { label: string; op: string; value: string }[];
  metric?: string;
  qryType?: 0 | 1 | 2 | 3 | 4 | 5;
  query?: string;
  refId: string;
  seriesQuery?: string;
  varQuery?: string;
}
/** Ours: @grafana/schema has no key for the filters that Grafana saves. */
export interface AdhocFilter {
  condition?: string;
  key: string;
  operator: string;
  value: string;
}
type VariableOf<Type extends G.VariableType, Own> = Pick<
  G.VariableModel,
  'description' | 'hide' | 'label' | 'name' | 'skipUrlSync'
> &
  Own & { type: Type };
type Choice = { query: string } & Pick<
  G.VariableModel,
  'allValue' | 'allowCustomValue' | 'current' | 'includeAll' | 'multi' | 'options'
>;
type Fixed = { query: string } & Pick<G.VariableModel, 'current' | 'options'>;

export type AdhocVariable = VariableOf<
  'adhoc',
  { baseFilters?: AdhocFilter[]; datasource: DataSourceRef; filters?: AdhocFilter[] } & Pick<
    G.VariableModel,
    'allowCustomValue'
  >
>;
export type ConstantVariable = VariableOf<'constant', Fixed>;
/** `valuesFormat` by exclusion, as 11.6 does not have it. */
export type CustomVariable = VariableOf<
  'custom',
  Choice & Omit<G.VariableModel, Exclude<keyof G.VariableModel, 'valuesFormat'>>
>;
export type DatasourceVariable = VariableOf<'datasource', Choice & Pick<G.VariableModel, 'refresh' | 'regex'>>;
/** Ours: `auto…`, the choice of an interval by the width of the panel. */
export type IntervalVariable = VariableOf<
  'interval',
  { auto?: boolean; auto_count?: number; auto_min?: string; current: G.VariableOption; query: string } & Pick<
    G.VariableModel,
    'options' | 'refresh'
  >
>;
/** Ours: `definition`, the query as the list of variables shows it. */
export type QueryVariable = Replace<
  Omit<G.VariableModel, 'enableGroupBy' | 'valuesFormat'>,
  { datasource: DataSourceRef; definition?: string; query: string | PrometheusVariableQuery; type: 'query' }
>;
export type TextboxVariable = VariableOf<'textbox', Fixed>;
export type Variable =
  | AdhocVariable
  | ConstantVariable
  | CustomVariable
  | DatasourceVariable
  | IntervalVariable
  | QueryVariable
  | TextboxVariable;

/** Ours: everything of the Prometheus data source; @grafana/schema knows the target of Grafana's own store alone. */
export type Annotation = Replace<
  G.AnnotationQuery,
  {
    datasource: DataSourceRef;
    expr?: string;
    step?: string;
    tagKeys?: string;
    target?: Partial<PrometheusQuery> | Partial<G.AnnotationTarget>;
    textFormat?: string;
    titleFormat?: string;
    useValueForTime?: boolean;
  }
>;

export type Dashboard = Replace<
  G.Dashboard,
  {
    annotations?: { list?: Annotation[] };
    panels: (Panel | RowPanel)[];
    templating?: { list?: Variable[] };
    title: string;
    uid: string;
  }
>;
