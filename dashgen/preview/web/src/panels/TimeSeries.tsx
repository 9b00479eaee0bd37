import { DashboardCursorSync, type DataFrame, FieldType, type PanelProps } from '@grafana/data';
import { TooltipDisplayMode, type VizLegendOptions, type VizTooltipOptions } from '@grafana/schema';
import { TimeSeries, TooltipPlugin2, usePanelContext } from '@grafana/ui';
import { useMemo } from 'react';
import { AnnotationMarks } from './AnnotationMarks';
import { isEmpty, NoData } from './common';
import { SeriesTooltip } from './SeriesTooltip';

export interface TimeSeriesOptions {
  legend: VizLegendOptions;
  tooltip: VizTooltipOptions;
}

/** As TooltipHoverMode of @grafana/ui, which exports only its type: nearest series, or all. */
const HOVER = { one: 0, all: 1 };

/** Frames that can be drawn over time. Copied, as drawing keeps its own state in the fields. */
function drawable(series: DataFrame[]): DataFrame[] {
  return series
    .filter((frame) => frame.fields.some((field) => field.type === FieldType.time) && frame.length > 0)
    .map((frame) => ({ ...frame, fields: frame.fields.map((field) => ({ ...field, state: { ...field.state } })) }));
}

export function TimeSeriesPanel(props: PanelProps<TimeSeriesOptions>) {
  const { data, fieldConfig, height, onChangeTimeRange, options, timeRange, timeZone, width } = props;
  const { sync } = usePanelContext();
  const frames = useMemo(() => drawable(data.series), [data.series]);
  if (isEmpty(frames)) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const { mode, sort } = options.tooltip;
  return (
    <TimeSeries
      frames={frames}
      height={height}
      legend={options.legend}
      options={options}
      structureRev={data.structureRev}
      timeRange={timeRange}
      timeZone={timeZone}
      width={width}
    >
      {(config, aligned) => (
        <>
          <AnnotationMarks annotations={data.annotations ?? []} config={config} timeZone={timeZone} />
          {mode !== TooltipDisplayMode.None && (
            <TooltipPlugin2
              clientZoom
              config={config}
              hoverMode={mode === TooltipDisplayMode.Single ? HOVER.one : HOVER.all}
              queryZoom={onChangeTimeRange}
              render={(_plot, indexes, series, isPinned) => (
                <SeriesTooltip
                  frame={aligned}
                  indexes={indexes}
                  isPinned={isPinned}
                  mode={mode}
                  series={series}
                  sort={sort}
                />
              )}
              syncMode={sync?.() ?? DashboardCursorSync.Off}
            />
          )}
        </>
      )}
    </TimeSeries>
  );
}
