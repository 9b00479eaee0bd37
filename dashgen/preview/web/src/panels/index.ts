/** The panel types that the preview draws, with the defaults that they have in Grafana. */
import { FieldColorModeId, type PanelPlugin, VizOrientation } from '@grafana/data';
import { BarGaugePanel } from './BarGauge';
import { HIDE_FROM, LEGEND, REDUCE, TOOLTIP } from './common';
import { Gauge } from './Gauge';
import { PieChart } from './PieChart';
import { createPlugin } from './plugin';
import { Stat } from './Stat';
import { Table } from './Table';
import { Text } from './Text';
import { TimelinePanel, type TimelineOptions } from './Timeline';
import { TimeSeriesPanel } from './TimeSeries';

const stat = createPlugin('stat', Stat, {
  options: {
    reduceOptions: REDUCE,
    orientation: VizOrientation.Auto,
    textMode: 'auto',
    colorMode: 'value',
    graphMode: 'area',
    justifyMode: 'auto',
    wideLayout: true,
    showPercentChange: false,
  },
  color: FieldColorModeId.Thresholds,
});

const barGauge = createPlugin('bargauge', BarGaugePanel, {
  options: {
    reduceOptions: REDUCE,
    orientation: VizOrientation.Auto,
    displayMode: 'gradient',
    valueMode: 'color',
    namePlacement: 'auto',
    showUnfilled: true,
    sizing: 'auto',
    minVizWidth: 8,
    minVizHeight: 16,
    maxVizHeight: 300,
  },
  color: FieldColorModeId.Thresholds,
});

const gauge = createPlugin('gauge', Gauge, {
  options: {
    reduceOptions: REDUCE,
    orientation: VizOrientation.Auto,
    showThresholdLabels: false,
    showThresholdMarkers: true,
    minVizWidth: 75,
    minVizHeight: 75,
  },
  color: FieldColorModeId.Thresholds,
});

const timeSeries = createPlugin('timeseries', TimeSeriesPanel, {
  options: { legend: LEGEND, tooltip: TOOLTIP },
  color: FieldColorModeId.PaletteClassic,
  custom: {
    axisBorderShow: false,
    axisCenteredZero: false,
    axisColorMode: 'text',
    axisGridShow: undefined,
    axisLabel: '',
    axisPlacement: 'auto',
    axisSoftMax: undefined,
    axisSoftMin: undefined,
    axisWidth: undefined,
    barAlignment: 0,
    barWidthFactor: 0.6,
    drawStyle: 'line',
    fillBelowTo: undefined,
    fillOpacity: 0,
    gradientMode: 'none',
    insertNulls: false,
    lineColor: undefined,
    lineInterpolation: 'linear',
    lineStyle: undefined,
    lineWidth: 1,
    pointSize: 5,
    scaleDistribution: { type: 'linear' },
    showPoints: 'auto',
    spanNulls: false,
    stacking: { mode: 'none', group: 'A' },
    thresholdsStyle: { mode: 'off' },
    transform: undefined,
    ...HIDE_FROM,
  },
});

const table = createPlugin('table', Table, {
  options: { frameIndex: 0, showHeader: true, cellHeight: 'sm' },
  color: FieldColorModeId.Thresholds,
  custom: {
    align: 'auto',
    cellOptions: { type: 'auto' },
    filterable: undefined,
    footer: undefined,
    hidden: undefined,
    inspect: false,
    minWidth: undefined,
    width: undefined,
    wrapHeaderText: undefined,
    ...HIDE_FROM,
  },
});

const pieChart = createPlugin('piechart', PieChart, {
  options: {
    reduceOptions: REDUCE,
    pieType: 'pie',
    displayLabels: [],
    legend: { ...LEGEND, values: [] },
    tooltip: TOOLTIP,
    sort: 'desc',
  },
  color: FieldColorModeId.PaletteClassic,
  custom: { ...HIDE_FROM },
});

const timelines: TimelineOptions = {
  mergeValues: false,
  showValue: 'auto',
  alignValue: 'left',
  rowHeight: 0.9,
  colWidth: 1,
  legend: LEGEND,
  tooltip: TOOLTIP,
};

const stateTimeline = createPlugin('state-timeline', TimelinePanel, {
  options: { ...timelines, mergeValues: true },
  color: FieldColorModeId.Thresholds,
  custom: { fillOpacity: 70, lineWidth: 0, ...HIDE_FROM },
});

const statusHistory = createPlugin('status-history', TimelinePanel, {
  options: { ...timelines, alignValue: 'center', colWidth: 0.9 },
  color: FieldColorModeId.Thresholds,
  custom: { fillOpacity: 70, lineWidth: 1, ...HIDE_FROM },
});

const text = createPlugin('text', Text, { options: { mode: 'markdown', content: '' } });

export const panelPlugins: ReadonlyMap<string, PanelPlugin> = new Map(
  [stat, barGauge, gauge, timeSeries, table, pieChart, stateTimeline, statusHistory, text].map((plugin) => [
    plugin.meta.id,
    plugin,
  ])
);
