/** Draws lanes with uPlot: Grafana's time axis below, the lanes' names at the left. */
import { colorManipulator, type GrafanaTheme2, type TimeRange } from '@grafana/data';
import { AxisPlacement, ScaleDirection, ScaleOrientation } from '@grafana/schema';
import { measureText, UPlotConfigBuilder } from '@grafana/ui';
import type uPlot from 'uplot';
import type { Box, Lane } from './lanes';

export interface LaneStyle {
  /** Share of a lane's height that its boxes take. */
  rowHeight: number;
  /** Share of a box's width that is filled. */
  colWidth: number;
  fillOpacity: number;
  lineWidth: number;
  showValue: 'auto' | 'always' | 'never';
  alignValue: 'left' | 'center' | 'right';
}

export interface LaneChart {
  lanes: Lane[];
  style: LaneStyle;
  theme: GrafanaTheme2;
  timeRange: TimeRange;
}

const FONT_SIZE = 12;
const PADDING = 5;
/** Names longer than this, in pixels, are cut. */
const WIDEST_NAME = 200;

/** The lane whose band holds a height, counted from the top. */
export function laneAt(height: number, total: number, lanes: number): number {
  return Math.min(lanes - 1, Math.max(0, Math.floor((height / total) * lanes)));
}

export function laneConfig(chart: LaneChart, timeZone: string): UPlotConfigBuilder {
  const { lanes, theme, timeRange } = chart;
  const builder = new UPlotConfigBuilder(timeZone);
  builder.addScale({
    scaleKey: 'x',
    isTime: true,
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Right,
    range: () => [timeRange.from.valueOf(), timeRange.to.valueOf()],
  });
  builder.addScale({
    scaleKey: 'y',
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Up,
    range: () => [0, 1],
  });
  builder.addAxis({ scaleKey: 'x', isTime: true, placement: AxisPlacement.Bottom, timeZone, theme });
  builder.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    theme,
    size: nameWidth(lanes) + 2 * PADDING,
    grid: { show: false },
    ticks: { show: false },
    splits: () => lanes.map((_, index) => 1 - (index + 0.5) / lanes.length),
    values: (plot) => {
      const band = plot.bbox.height / devicePixelRatio / lanes.length;
      const every = Math.ceil((FONT_SIZE + 1) / band);
      return lanes.map(({ name }, index) => (index % every ? '' : cut(name)));
    },
  });
  builder.setCursor({ x: true, y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } });
  builder.addHook('draw', (plot) => {
    drawLanes(plot, chart);
  });
  return builder;
}

function nameWidth(lanes: Lane[]): number {
  return Math.min(WIDEST_NAME, Math.max(0, ...lanes.map(({ name }) => measureText(name, FONT_SIZE).width)));
}

function cut(name: string): string {
  if (measureText(name.slice(0, 200), FONT_SIZE).width <= WIDEST_NAME) {
    return name;
  }
  let length = Math.min(name.length, 60);
  while (length > 1 && measureText(`${name.slice(0, length)}…`, FONT_SIZE).width > WIDEST_NAME) {
    length -= 1;
  }
  return `${name.slice(0, length)}…`;
}

function drawLanes(plot: uPlot, chart: LaneChart) {
  const { ctx, bbox } = plot;
  const band = bbox.height / chart.lanes.length;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  chart.lanes.forEach((lane, index) => {
    const height = band * chart.style.rowHeight;
    const top = bbox.top + index * band + (band - height) / 2;
    lane.boxes.forEach((box) => {
      drawBox(plot, chart, box, top, height);
    });
  });
  ctx.restore();
}

function drawBox(plot: uPlot, { style, theme }: LaneChart, box: Box, top: number, height: number) {
  const { ctx, bbox } = plot;
  const start = Math.max(bbox.left, plot.valToPos(box.start, 'x', true));
  const whole = Math.min(bbox.left + bbox.width, plot.valToPos(box.end, 'x', true)) - start;
  const width = Math.max(whole * style.colWidth, 1);
  const left = start + (whole - width) / 2;
  ctx.fillStyle = colorManipulator.alpha(box.color, style.fillOpacity / 100);
  ctx.fillRect(left, top, width, height);
  if (style.lineWidth > 0) {
    ctx.strokeStyle = box.color;
    ctx.lineWidth = style.lineWidth * devicePixelRatio;
    ctx.strokeRect(left, top, width, height);
  }
  if (style.showValue === 'never' || !box.text) {
    return;
  }
  ctx.font = `${FONT_SIZE * devicePixelRatio}px ${theme.typography.fontFamily}`;
  const padding = PADDING * devicePixelRatio;
  if (style.showValue === 'auto' && ctx.measureText(box.text).width + 2 * padding > width) {
    return;
  }
  ctx.fillStyle = theme.colors.getContrastText(opaque(box.color, style, theme), 3);
  ctx.textAlign = style.alignValue;
  ctx.textBaseline = 'middle';
  const anchors = { left: left + padding, center: left + width / 2, right: left + width - padding };
  ctx.fillText(box.text, anchors[style.alignValue], top + height / 2);
}

/** The colour that a translucent box has on the panel's background. */
function opaque(color: string, style: LaneStyle, theme: GrafanaTheme2): string {
  return style.fillOpacity >= 50 ? color : theme.colors.background.primary;
}
