/** State timeline and status history: lanes of coloured states over time. */
import {
  type DataFrame,
  FieldColorModeId,
  formattedValueToString,
  getDisplayProcessor,
  type GrafanaTheme2,
  type PanelProps,
  ThresholdsMode,
} from '@grafana/data';
import type { VizLegendOptions, VizTooltipOptions } from '@grafana/schema';
import {
  Portal,
  UPlotChart,
  useTheme2,
  VizLayout,
  VizLegend,
  type VizLegendItem,
  VizTooltipContainer,
  VizTooltipContent,
  VizTooltipHeader,
  VizTooltipWrapper,
} from '@grafana/ui';
import { useMemo, useState } from 'react';
import type uPlot from 'uplot';
import { isEmpty, NoData } from './common';
import { laneAt, laneConfig, type LaneStyle } from './laneChart';
import { type Box, type Lane, lanesOf, statesOf } from './lanes';

export interface TimelineOptions extends Pick<LaneStyle, 'alignValue' | 'colWidth' | 'rowHeight' | 'showValue'> {
  mergeValues: boolean;
  legend: VizLegendOptions;
  tooltip: VizTooltipOptions;
}

interface Hovered {
  lane: Lane;
  box: Box;
  x: number;
  y: number;
}

/** Thresholds where there are several, continuous scales none, and else the states that occur. */
function legendItems(frames: DataFrame[], lanes: Lane[], theme: GrafanaTheme2): VizLegendItem[] {
  const config = frames[0]?.fields.find((field) => field.display && field.config.color)?.config ?? {};
  const steps = config.thresholds?.steps ?? [];
  if (config.color?.mode.startsWith('continuous')) {
    return [];
  }
  if (config.color?.mode === FieldColorModeId.Thresholds && steps.length > 1) {
    const display = getDisplayProcessor({ field: { config }, theme });
    const suffix = config.thresholds?.mode === ThresholdsMode.Percentage ? '%' : '';
    return steps.map(({ value, color }, index) => {
      const bound = formattedValueToString(display(index === 0 ? steps[1]?.value : value)) + suffix;
      return { label: index === 0 ? `< ${bound}` : `${bound}+`, color: theme.visualization.getColorByName(color), yAxis: 1 };
    });
  }
  return [...statesOf(lanes)].map(([label, color]) => ({ label, color, yAxis: 1 }));
}

function hoveredBox(plot: uPlot, lanes: Lane[]): Hovered | undefined {
  const { left = -1, top = -1 } = plot.cursor;
  const lane = left < 0 ? undefined : lanes[laneAt(top, plot.over.clientHeight, lanes.length)];
  const time = plot.posToVal(left, 'x');
  const box = lane?.boxes.find(({ start, end }) => start <= time && time < end);
  const { x, y } = plot.over.getBoundingClientRect();
  return lane && box ? { lane, box, x: x + left, y: y + top } : undefined;
}

function BoxTooltip({ hovered, format }: { hovered: Hovered; format: (time: number) => string }) {
  const { lane, box } = hovered;
  const items = [{ label: lane.name, value: box.text, color: box.color }];
  return (
    <Portal>
      <VizTooltipContainer offset={{ x: 10, y: 10 }} position={{ x: hovered.x, y: hovered.y }}>
        <VizTooltipWrapper>
          <VizTooltipHeader isPinned={false} item={{ label: '', value: `${format(box.start)} to ${format(box.end)}` }} />
          <VizTooltipContent isPinned={false} items={items} />
        </VizTooltipWrapper>
      </VizTooltipContainer>
    </Portal>
  );
}

export function TimelinePanel(props: PanelProps<TimelineOptions>) {
  const { data, fieldConfig, height, onChangeTimeRange, options, timeRange, timeZone, width } = props;
  const theme = useTheme2();
  const [hovered, setHovered] = useState<Hovered>();
  const lanes = useMemo(
    () => lanesOf(data.series, { merge: options.mergeValues, end: timeRange.to.valueOf() }),
    [data.series, options.mergeValues, timeRange.to]
  );
  const config = useMemo(() => {
    const { fillOpacity = 70, lineWidth = 0 } = (fieldConfig.defaults.custom ?? {}) as Partial<LaneStyle>;
    const style = { ...options, fillOpacity, lineWidth };
    const builder = laneConfig({ lanes, style, theme, timeRange }, timeZone);
    builder.addHook('setCursor', (plot) => {
      setHovered(hoveredBox(plot, lanes));
    });
    builder.addHook('setSelect', (plot) => {
      const { left, width: selected } = plot.select;
      if (selected > 0) {
        onChangeTimeRange({ from: plot.posToVal(left, 'x'), to: plot.posToVal(left + selected, 'x') });
      }
    });
    return builder;
  }, [fieldConfig, lanes, onChangeTimeRange, options, theme, timeRange, timeZone]);

  if (isEmpty(data.series)) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const items = options.legend.showLegend ? legendItems(data.series, lanes, theme) : [];
  const format = (time: number) => formattedValueToString(timeDisplay(data.series, time));
  const legend = items.length ? (
    <VizLayout.Legend placement={options.legend.placement}>
      <VizLegend displayMode={options.legend.displayMode} items={items} placement={options.legend.placement} readonly />
    </VizLayout.Legend>
  ) : null;
  return (
    <VizLayout height={height} legend={legend} width={width}>
      {(plotWidth: number, plotHeight: number) => (
        <>
          <UPlotChart
            config={config}
            data={[[timeRange.from.valueOf(), timeRange.to.valueOf()]]}
            height={plotHeight}
            width={plotWidth}
          />
          {hovered && options.tooltip.mode !== 'none' && <BoxTooltip format={format} hovered={hovered} />}
        </>
      )}
    </VizLayout>
  );
}

function timeDisplay(frames: DataFrame[], time: number) {
  const display = frames[0]?.fields[0]?.display;
  return display ? display(time) : { text: new Date(time).toISOString() };
}
