/** The functions of variable queries: `label_values(…)`, `query_result(…)` and their kin. */
import type { MetricFindValue } from '@grafana/data';
import { getPrometheus, isSingle, type QueryResult } from './client';

/** Seconds since the epoch. */
export interface Span {
  start: number;
  end: number;
}

const LABEL_VALUES = /^label_values\((?:(.+),\s*)?([a-zA-Z_][\w.]*)\)\s*$/s;
const LABEL_NAMES = /^label_names\((.*)\)\s*$/s;
const METRICS = /^metrics\((.*)\)\s*$/s;
const QUERY_RESULT = /^query_result\((.+)\)\s*$/s;

const asValues = (texts: string[]): MetricFindValue[] => texts.map((text) => ({ text, value: text }));

/** Asks what a variable's query, already interpolated, asks for; throws what Prometheus says. */
export async function findValues(query: string, span: Span): Promise<MetricFindValue[]> {
  const text = query.trim();
  const labelValues = LABEL_VALUES.exec(text);
  if (labelValues) {
    const [, selector, label = ''] = labelValues;
    const parameters = { ...span, 'match[]': selector?.trim() };
    return asValues(await getPrometheus<string[]>(`label/${encodeURIComponent(label)}/values`, parameters));
  }
  if (LABEL_NAMES.test(text)) {
    return asValues(await getPrometheus<string[]>('labels', { ...span }));
  }
  const metrics = METRICS.exec(text);
  if (metrics) {
    const wanted = new RegExp(metrics[1] ?? '');
    const names = await getPrometheus<string[]>('label/__name__/values', { ...span });
    return asValues(names.filter((name) => wanted.test(name)));
  }
  const queryResult = QUERY_RESULT.exec(text);
  if (queryResult) {
    const [, expr = ''] = queryResult;
    return asValues(resultTexts(await getPrometheus<QueryResult>('query', { query: expr, time: span.end })));
  }
  return seriesNames(text, span);
}

/** Each result as Grafana writes it, for the variable's regular expression to take apart. */
function resultTexts(result: QueryResult): string[] {
  if (isSingle(result)) {
    return [result.result[1]];
  }
  return result.result.map(({ metric, value }) => {
    const { __name__: name = '', ...labels } = metric;
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}{${pairs.join(',')}} ${value?.[1] ?? ''} ${(value?.[0] ?? 0) * 1000}`;
  });
}

async function seriesNames(selector: string, span: Span): Promise<MetricFindValue[]> {
  const found = await getPrometheus<Record<string, string>[]>('series', { ...span, 'match[]': selector });
  const names = found.map(({ __name__: name = '', ...labels }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
    return `${name}{${pairs.join(',')}}`;
  });
  return asValues(names);
}
