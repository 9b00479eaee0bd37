import { cacheFieldDisplayNames, type PanelProps } from '@grafana/data';
import type { TableCellHeight, TableSortByFieldState } from '@grafana/schema';
import { TableNG } from '@grafana/ui/unstable';
import { NoData } from './common';

export interface TableOptions {
  frameIndex: number;
  showHeader: boolean;
  cellHeight: `${TableCellHeight}`;
  sortBy?: TableSortByFieldState[];
  enablePagination?: boolean;
}

export function Table({ data, fieldConfig, height, options, timeRange, width }: PanelProps<TableOptions>) {
  cacheFieldDisplayNames(data.series);
  const frame = data.series[options.frameIndex] ?? data.series[0];
  if (!frame || frame.fields.length === 0 || frame.length === 0) {
    return <NoData fieldConfig={fieldConfig} />;
  }
  return (
    <TableNG
      cellHeight={options.cellHeight as TableCellHeight}
      data={frame}
      enablePagination={options.enablePagination}
      fieldConfig={fieldConfig}
      height={height}
      noHeader={!options.showHeader}
      sortBy={options.sortBy}
      structureRev={data.structureRev}
      timeRange={timeRange}
      width={width}
    />
  );
}
