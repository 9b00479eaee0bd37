/** What several panels share. */
import {
  type DataFrame,
  type FieldDisplay,
  getFieldDisplayValues,
  type LinkModel,
  type PanelProps,
  type ReduceDataOptions,
} from '@grafana/data';
import { LegendDisplayMode, TooltipDisplayMode, type VizLegendOptions, type VizTooltipOptions } from '@grafana/schema';
import { DataLinksContextMenu, type DataLinksContextMenuApi, useTheme2 } from '@grafana/ui';
import type { ReactElement } from 'react';

export const LEGEND: VizLegendOptions = {
  showLegend: true,
  displayMode: LegendDisplayMode.List,
  placement: 'bottom',
  calcs: [],
};

export const TOOLTIP: VizTooltipOptions = { mode: TooltipDisplayMode.Single, sort: 'none' as VizTooltipOptions['sort'] };

export const REDUCE: ReduceDataOptions = { values: false, calcs: ['lastNotNull'], fields: '' };

export const HIDE_FROM = { hideFrom: { tooltip: false, viz: false, legend: false } };

export function isEmpty(frames: DataFrame[]): boolean {
  return frames.every((frame) => frame.length === 0);
}

/** What Grafana shows in the middle of a panel without data. */
export function NoData({ fieldConfig }: Pick<PanelProps, 'fieldConfig'>) {
  const theme = useTheme2();
  return (
    <div
      style={{
        alignItems: 'center',
        color: theme.colors.text.secondary,
        display: 'flex',
        fontSize: theme.typography.h4.fontSize,
        height: '100%',
        justifyContent: 'center',
      }}
    >
      {fieldConfig.defaults.noValue ?? 'No data'}
    </div>
  );
}

/** A panel's fields reduced to values, with unit, mappings and thresholds. */
export function useValues(
  props: Pick<PanelProps, 'data' | 'fieldConfig' | 'replaceVariables' | 'timeZone'>,
  reduceOptions: ReduceDataOptions,
  sparkline = false
): FieldDisplay[] {
  const theme = useTheme2();
  return getFieldDisplayValues({
    data: props.data.series,
    fieldConfig: props.fieldConfig,
    reduceOptions,
    replaceVariables: props.replaceVariables,
    sparkline,
    theme,
    timeZone: props.timeZone,
  });
}

const linksOf = (value: FieldDisplay) => (): LinkModel[] => value.getLinks?.() ?? [];

/** Around what has data links: one is followed by a click, several open a menu. */
export function WithLinks({
  value,
  children,
}: {
  value: FieldDisplay;
  children: (api: DataLinksContextMenuApi) => ReactElement;
}) {
  return value.hasLinks && value.getLinks ? (
    <DataLinksContextMenu links={linksOf(value)}>{children}</DataLinksContextMenu>
  ) : (
    children({})
  );
}
