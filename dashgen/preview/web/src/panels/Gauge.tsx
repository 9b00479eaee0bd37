/** A dial for each value: the arc is filled up to it, and a thin ring outside shows the thresholds. */
import {
  type FieldDisplay,
  formattedValueToString,
  type GrafanaTheme2,
  type PanelProps,
  type ReduceDataOptions,
  ThresholdsMode,
  type VizOrientation,
} from '@grafana/data';
import { useTheme2, VizRepeater, type VizRepeaterRenderValueProps } from '@grafana/ui';
import { useValues, WithLinks } from './common';
import { arc } from './arcs';

export interface GaugeOptions {
  reduceOptions: ReduceDataOptions;
  orientation: VizOrientation;
  showThresholdLabels: boolean;
  showThresholdMarkers: boolean;
  minVizWidth: number;
  minVizHeight: number;
}

/** The dial begins at the lower left and ends at the lower right, in turns from the top. */
const [FIRST, LAST] = [-0.35, 0.35];
const TITLE_HEIGHT = 24;

interface Dial {
  min: number;
  max: number;
  share: (value: number) => number;
}

function dialOf({ field }: FieldDisplay): Dial {
  const min = field.min ?? 0;
  const max = field.max ?? 100;
  const share = (value: number) => Math.min(1, Math.max(0, (value - min) / (max - min || 1)));
  return { min, max, share };
}

const turn = (share: number) => FIRST + share * (LAST - FIRST);

/** The thresholds as spans of the dial, each with its colour. */
function ring({ field }: FieldDisplay, dial: Dial, theme: GrafanaTheme2) {
  const steps = field.thresholds?.steps ?? [];
  const isPercentage = field.thresholds?.mode === ThresholdsMode.Percentage;
  const starts = steps.map(({ value }, index) => {
    const share = isPercentage ? value / 100 : dial.share(value);
    return index === 0 ? 0 : share;
  });
  return steps.map(({ color }, index) => ({
    color: theme.visualization.getColorByName(color),
    start: starts[index] ?? 0,
    end: starts[index + 1] ?? 1,
  }));
}

interface DialProperties {
  value: FieldDisplay;
  width: number;
  height: number;
  showTitle: boolean;
  showMarkers: boolean;
  onClick?: React.MouseEventHandler;
}

function DialImage({ value, width, height, showTitle, showMarkers, onClick }: DialProperties) {
  const theme = useTheme2();
  const dial = dialOf(value);
  const free = height - (showTitle ? TITLE_HEIGHT : 0);
  const radius = Math.max(10, Math.min(width / 2, free / 1.6) - 4);
  const thickness = radius * 0.22;
  const inner = radius - (showMarkers ? thickness * 0.35 : 0);
  const text = formattedValueToString(value.display);
  return (
    <svg height={height} onClick={onClick} style={onClick && { cursor: 'pointer' }} width={width}>
      <g transform={`translate(${width / 2} ${radius + 4})`}>
        {showMarkers &&
          ring(value, dial, theme).map((span) => (
            <path
              d={arc(radius, radius - thickness * 0.2, turn(span.start), turn(span.end))}
              fill={span.color}
              key={span.start}
            />
          ))}
        <path d={arc(inner, inner - thickness, FIRST, LAST)} fill={theme.colors.background.secondary} />
        <path
          d={arc(inner, inner - thickness, FIRST, turn(dial.share(value.display.numeric)))}
          fill={value.display.color}
        />
        <text
          dominantBaseline="central"
          fill={value.display.color}
          fontSize={Math.min(radius * 0.5, (radius * 2.2) / Math.max(text.length, 1))}
          fontWeight={500}
          textAnchor="middle"
        >
          {text}
        </text>
      </g>
      {showTitle && (
        <text fill={theme.colors.text.primary} fontSize={14} textAnchor="middle" x={width / 2} y={height - 8}>
          {value.display.title}
        </text>
      )}
    </svg>
  );
}

export function Gauge(props: PanelProps<GaugeOptions>) {
  const { options, width, height, data, renderCounter } = props;
  const values = useValues(props, options.reduceOptions);
  const renderValue = (item: VizRepeaterRenderValueProps<FieldDisplay>) => (
    <WithLinks value={item.value}>
      {({ openMenu }) => (
        <DialImage
          height={item.height}
          onClick={openMenu}
          showMarkers={options.showThresholdMarkers}
          showTitle={item.count > 1}
          value={item.value}
          width={item.width}
        />
      )}
    </WithLinks>
  );
  return (
    <VizRepeater
      autoGrid
      getValues={() => values}
      height={height}
      minVizHeight={options.minVizHeight}
      minVizWidth={options.minVizWidth}
      orientation={options.orientation}
      renderCounter={renderCounter}
      renderValue={renderValue}
      source={data}
      width={width}
    />
  );
}
