import {
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  type PanelProps,
  type ReduceDataOptions,
  type VizOrientation,
} from '@grafana/data';
import type {
  BarGaugeDisplayMode,
  BarGaugeNamePlacement,
  BarGaugeValueMode,
  VizTextDisplayOptions,
} from '@grafana/schema';
import { BarGauge, useTheme2, VizRepeater, type VizRepeaterRenderValueProps } from '@grafana/ui';
import { useValues, WithLinks } from './common';

export interface BarGaugeOptions {
  reduceOptions: ReduceDataOptions;
  orientation: VizOrientation;
  displayMode: `${BarGaugeDisplayMode}`;
  valueMode: `${BarGaugeValueMode}`;
  namePlacement: `${BarGaugeNamePlacement}`;
  showUnfilled: boolean;
  minVizWidth: number;
  minVizHeight: number;
  maxVizHeight: number;
  sizing: 'auto' | 'manual';
  text?: VizTextDisplayOptions;
}

/** In automatic sizing, bars get as slim as they must and never thicker than this, in pixels. */
const AUTOMATIC = { minVizWidth: 8, minVizHeight: 16, maxVizHeight: 300 };

export function BarGaugePanel(props: PanelProps<BarGaugeOptions>) {
  const theme = useTheme2();
  const { options, width, height, data, renderCounter } = props;
  const values = useValues(props, options.reduceOptions);
  const sizes = options.sizing === 'manual' ? options : AUTOMATIC;

  const renderValue = (item: VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>) => {
    const { value, count, orientation, alignmentFactors } = item;
    return (
      <WithLinks value={value}>
        {({ openMenu, targetClassName }) => (
          <BarGauge
            alignmentFactors={alignmentFactors}
            className={targetClassName}
            display={value.view?.getFieldDisplayProcessor(value.colIndex ?? 0)}
            displayMode={options.displayMode as BarGaugeDisplayMode}
            field={value.field}
            height={item.height}
            itemSpacing={8}
            namePlacement={options.namePlacement as BarGaugeNamePlacement}
            onClick={openMenu}
            orientation={orientation}
            showUnfilled={options.showUnfilled}
            text={options.text}
            theme={theme}
            value={count === 1 && !value.field.displayName ? { ...value.display, title: undefined } : value.display}
            valueDisplayMode={options.valueMode as BarGaugeValueMode}
            width={item.width}
          />
        )}
      </WithLinks>
    );
  };

  return (
    <VizRepeater
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      getValues={() => values}
      height={height}
      itemSpacing={8}
      maxVizHeight={sizes.maxVizHeight}
      minVizHeight={sizes.minVizHeight}
      minVizWidth={sizes.minVizWidth}
      orientation={options.orientation}
      renderCounter={renderCounter}
      renderValue={renderValue}
      source={data}
      width={width}
    />
  );
}
