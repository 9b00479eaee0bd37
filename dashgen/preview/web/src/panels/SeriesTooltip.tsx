/** What hovers beside the cursor: the time, and the values of one series or of all. */
import { type DataFrame, type Field, formattedValueToString } from '@grafana/data';
import { SortOrder, TooltipDisplayMode } from '@grafana/schema';
import { VizTooltipContent, VizTooltipHeader, VizTooltipWrapper } from '@grafana/ui';

interface Properties {
  /** Time first, then a field per series. */
  frame: DataFrame;
  /** The hovered value of each field. */
  indexes: (number | null)[];
  /** The series nearest to the cursor. */
  series: number | null;
  mode: TooltipDisplayMode;
  sort: SortOrder;
  isPinned: boolean;
}

function format(field: Field, index: number): string {
  const value: unknown = field.values[index];
  return field.display ? formattedValueToString(field.display(value)) : String(value);
}

export function SeriesTooltip({ frame, indexes, series, mode, sort, isPinned }: Properties) {
  const [time, ...fields] = frame.fields;
  const hovered = indexes.find((index, position) => position > 0 && index !== null) ?? indexes[0];
  if (!time || hovered === null || hovered === undefined) {
    return null;
  }
  const items = fields.flatMap((field, position) => {
    const index = indexes[position + 1];
    const isShown = mode === TooltipDisplayMode.Multi || position + 1 === series;
    const value: unknown = index === null || index === undefined ? undefined : field.values[index];
    if (!isShown || typeof value !== 'number' || index === null || index === undefined) {
      return [];
    }
    return {
      label: field.state?.displayName ?? field.name,
      value: format(field, index),
      color: field.display?.(value).color,
      numeric: value,
      isActive: position + 1 === series,
    };
  });
  if (sort !== SortOrder.None) {
    const direction = sort === SortOrder.Ascending ? 1 : -1;
    items.sort((left, right) => direction * (left.numeric - right.numeric));
  }
  return (
    <VizTooltipWrapper>
      <VizTooltipHeader isPinned={isPinned} item={{ label: '', value: format(time, hovered) }} />
      <VizTooltipContent isPinned={isPinned} items={items} scrollable />
    </VizTooltipWrapper>
  );
}
