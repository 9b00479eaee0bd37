/** Prometheus' results as Grafana's data frames. */
import { type DataFrame, type Field, FieldType } from '@grafana/data';
import { isSingle, type Labels, type QueryResult, type Sample, type Series } from './client';

export interface FrameOptions {
  refId: string;
  expr: string;
  legendFormat: string;
  /** Distance of the points, of a range query. */
  stepMs?: number;
}

function seriesOf(result: QueryResult): Series[] {
  return isSingle(result) ? [{ metric: {}, value: result.result }] : result.result;
}

const samplesOf = (series: Series): Sample[] => series.values ?? (series.value ? [series.value] : []);

/** The name of a series in Prometheus' notation: `metric{label="value"}`. */
export function seriesName(labels: Labels): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return pairs.length ? `${name}{${pairs.join(', ')}}` : name;
}

/** Replaces `{{label}}`; undefined leaves the name to Grafana, which shows the labels that differ. */
export function legend(format: string, labels: Labels, expr: string): string | undefined {
  if (format === '__auto') {
    return Object.keys(labels).length ? undefined : expr;
  }
  if (!format) {
    return seriesName(labels) || expr;
  }
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
}

export function timeSeriesFrames(result: QueryResult, options: FrameOptions): DataFrame[] {
  return seriesOf(result).map((series) => {
    const samples = samplesOf(series);
    const name = legend(options.legendFormat, series.metric, options.expr);
    return {
      refId: options.refId,
      length: samples.length,
      meta: { executedQueryString: `Expr: ${options.expr}` },
      fields: [
        timeField(
          samples.map(([seconds]) => seconds * 1000),
          options.stepMs
        ),
        {
          name: series.metric.__name__ ?? 'Value',
          type: FieldType.number,
          labels: series.metric,
          config: name === undefined ? {} : { displayNameFromDS: name },
          values: samples.map(([, value]) => parseSample(value)),
        },
      ],
    };
  });
}

function timeField(values: number[], stepMs?: number): Field {
  return { name: 'Time', type: FieldType.time, config: stepMs ? { interval: stepMs } : {}, values };
}

function parseSample(value: string): number {
  if (value.endsWith('Inf')) {
    return value.startsWith('-') ? -Infinity : Infinity;
  }
  return Number(value);
}

/** One frame with a column per label; of several tables in a panel, each value's column has its query's letter. */
export function tableFrame(result: QueryResult, options: FrameOptions, several: boolean): DataFrame {
  const all = seriesOf(result);
  const labels = [...new Set(all.flatMap((series) => Object.keys(series.metric)))].sort();
  const rows = all.flatMap((series) => samplesOf(series).map((sample) => ({ metric: series.metric, sample })));
  return {
    refId: options.refId,
    length: rows.length,
    meta: { preferredVisualisationType: 'table', executedQueryString: `Expr: ${options.expr}` },
    fields: [
      timeField(rows.map((row) => row.sample[0] * 1000)),
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        config: { filterable: true },
        values: rows.map((row) => row.metric[label] ?? ''),
      })),
      {
        name: several ? `Value #${options.refId}` : 'Value',
        type: FieldType.number,
        config: {},
        values: rows.map((row) => parseSample(row.sample[1])),
      },
    ],
  };
}
