import { getDisplayValueAlignmentFactors, type FieldDisplay, type PanelProps, type ReduceDataOptions } from '@grafana/data';
import {
  BigValue,
  type BigValueColorMode,
  type BigValueGraphMode,
  type BigValueJustifyMode,
  BigValueTextMode,
  useTheme2,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';
import type { DisplayValueAlignmentFactors, VizOrientation } from '@grafana/data';
import type { VizTextDisplayOptions } from '@grafana/schema';
import { useValues, WithLinks } from './common';

export interface StatOptions {
  reduceOptions: ReduceDataOptions;
  orientation: VizOrientation;
  textMode: `${BigValueTextMode}`;
  colorMode: `${BigValueColorMode}`;
  graphMode: `${BigValueGraphMode}`;
  justifyMode: `${BigValueJustifyMode}`;
  text?: VizTextDisplayOptions;
  wideLayout: boolean;
  showPercentChange: boolean;
}

export function Stat(props: PanelProps<StatOptions>) {
  const theme = useTheme2();
  const { options, width, height, data, timeRange, renderCounter } = props;
  const values = useValues(props, options.reduceOptions, options.graphMode !== 'none');
  const textMode = options.textMode === 'auto' && values.length > 1 ? BigValueTextMode.ValueAndName : options.textMode;

  const renderValue = (item: VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>) => (
    <WithLinks value={item.value}>
      {({ openMenu, targetClassName }) => (
        <BigValue
          alignmentFactors={item.alignmentFactors}
          className={targetClassName}
          colorMode={options.colorMode as BigValueColorMode}
          count={item.count}
          graphMode={options.graphMode as BigValueGraphMode}
          height={item.height}
          justifyMode={options.justifyMode as BigValueJustifyMode}
          onClick={openMenu}
          sparkline={item.value.sparkline ? { ...item.value.sparkline, timeRange } : undefined}
          text={options.text}
          textMode={textMode as BigValueTextMode}
          theme={theme}
          value={item.value.display}
          width={item.width}
          disableWideLayout={!options.wideLayout}
        />
      )}
    </WithLinks>
  );

  return (
    <VizRepeater
      autoGrid
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      getValues={() => values}
      height={height}
      itemSpacing={3}
      orientation={options.orientation}
      renderCounter={renderCounter}
      renderValue={renderValue}
      source={data}
      width={width}
    />
  );
}
