import { type FieldDisplay, formattedValueToString, type PanelProps, type ReduceDataOptions } from '@grafana/data';
import type { VizLegendOptions, VizTooltipOptions } from '@grafana/schema';
import { Tooltip, useTheme2, VizLayout, VizLegend, type VizLegendItem } from '@grafana/ui';
import { arc } from './arcs';
import { NoData, useValues, WithLinks } from './common';

type LegendValue = 'percent' | 'value';

export interface PieChartOptions {
  reduceOptions: ReduceDataOptions;
  pieType: 'pie' | 'donut';
  displayLabels: ('percent' | 'name' | 'value')[];
  legend: VizLegendOptions & { values: LegendValue[] };
  tooltip: VizTooltipOptions;
  sort: 'desc' | 'asc' | 'none';
}

interface Slice {
  value: FieldDisplay;
  start: number;
  share: number;
}

function slicesOf(values: FieldDisplay[], sort: PieChartOptions['sort']): Slice[] {
  const drawn = values.filter(({ display, field }) => {
    const custom = field.custom as { hideFrom?: { viz?: boolean } } | undefined;
    return display.numeric > 0 && !custom?.hideFrom?.viz;
  });
  if (sort !== 'none') {
    const direction = sort === 'asc' ? 1 : -1;
    drawn.sort((left, right) => direction * (left.display.numeric - right.display.numeric));
  }
  const total = drawn.reduce((sum, { display }) => sum + display.numeric, 0);
  let start = 0;
  return drawn.map((value) => {
    const slice = { value, start, share: value.display.numeric / total };
    start += slice.share;
    return slice;
  });
}

const percent = (share: number) => `${Math.round(share * 100)}%`;

function labelOf({ value, share }: Slice, parts: PieChartOptions['displayLabels']): string {
  const texts = { name: value.display.title ?? '', value: formattedValueToString(value.display), percent: percent(share) };
  return (['name', 'value', 'percent'] as const).filter((part) => parts.includes(part)).map((part) => texts[part]).join(' ');
}

function legendItems(slices: Slice[], values: LegendValue[]): VizLegendItem[] {
  return slices.map(({ value, share }) => ({
    label: value.display.title ?? '',
    color: value.display.color,
    yAxis: 1,
    getDisplayValues: () =>
      values.map((kind) =>
        kind === 'percent'
          ? { numeric: share, text: percent(share), title: 'Percent' }
          : { ...value.display, title: 'Value' }
      ),
  }));
}

function Pie({ slices, options, size }: { slices: Slice[]; options: PieChartOptions; size: number }) {
  const theme = useTheme2();
  const radius = Math.max(10, size / 2 - 8);
  const inner = options.pieType === 'donut' ? radius * 0.6 : 0;
  return (
    <g>
      {slices.map((slice) => {
        const { value, start, share } = slice;
        const angle = (start + share / 2) * 2 * Math.PI;
        const middle = (radius + inner) / 2;
        return (
          <WithLinks key={start} value={value}>
            {({ openMenu }) => (
              <Tooltip content={`${value.display.title ?? ''}: ${formattedValueToString(value.display)}, ${percent(share)}`}>
                <g onClick={openMenu} style={openMenu && { cursor: 'pointer' }}>
                  <path
                    d={arc(radius, inner, start, start + share)}
                    fill={value.display.color}
                    stroke={theme.colors.background.primary}
                  />
                  <text
                    dominantBaseline="central"
                    fill={theme.colors.getContrastText(value.display.color ?? '#808080')}
                    fontSize={12}
                    textAnchor="middle"
                    x={middle * Math.sin(angle)}
                    y={-middle * Math.cos(angle)}
                  >
                    {share > 0.03 && labelOf(slice, options.displayLabels)}
                  </text>
                </g>
              </Tooltip>
            )}
          </WithLinks>
        );
      })}
    </g>
  );
}

export function PieChart(props: PanelProps<PieChartOptions>) {
  const { fieldConfig, height, options, width } = props;
  const slices = slicesOf(useValues(props, options.reduceOptions), options.sort);
  if (!slices.length) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  const { showLegend, displayMode, placement, values } = options.legend;
  const legend = showLegend ? (
    <VizLayout.Legend placement={placement}>
      <VizLegend displayMode={displayMode} items={legendItems(slices, values)} placement={placement} readonly />
    </VizLayout.Legend>
  ) : null;
  return (
    <VizLayout height={height} legend={legend} width={width}>
      {(pieWidth: number, pieHeight: number) => (
        <svg height={pieHeight} width={pieWidth}>
          <g transform={`translate(${pieWidth / 2} ${pieHeight / 2})`}>
            <Pie options={options} size={Math.min(pieWidth, pieHeight)} slices={slices} />
          </g>
        </svg>
      )}
    </VizLayout>
  );
}
