/** How Grafana's Prometheus data source writes variables, steps and rate intervals into PromQL. */
import { rangeUtil, type ScopedVars, type TimeRange } from '@grafana/data';

/** Prometheus refuses to answer more points per series. */
const MOST_POINTS = 11_000;

interface FormattedVariable {
  multi?: boolean;
  includeAll?: boolean;
}

const escapeString = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
const escapeRegex = (text: string) => escapeString(text.replace(/[\\$^*{}[\]+?.()|]/g, '\\$&'));

/** A variable with one value stands in a string; one that can have several stands in a regular expression. */
export function formatValue(value: unknown, variable: FormattedVariable): string {
  if (!variable.multi && !variable.includeAll) {
    return Array.isArray(value) ? value.map((one) => escapeRegex(String(one))).join('|') : escapeString(String(value));
  }
  const values = (Array.isArray(value) ? value : [value]).map((one) => escapeRegex(String(one)));
  return values.length === 1 ? String(values[0]) : `(${values.join('|')})`;
}

export function duration(milliseconds: number): string {
  return milliseconds % 1000 ? `${milliseconds}ms` : `${milliseconds / 1000}s`;
}

/** The distance between two points, in milliseconds. */
export function stepOf(range: TimeRange, intervalMs: number, minimum: string | undefined, scrapeMs: number): number {
  const smallest = minimum ? rangeUtil.intervalToMs(minimum) : scrapeMs;
  const seconds = (range.to.valueOf() - range.from.valueOf()) / 1000 / MOST_POINTS;
  return Math.max(intervalMs, smallest, Math.ceil(seconds) * 1000);
}

/** Variables that only a query has: `$__interval`, `$__rate_interval`, `$__range` and their kin. */
export function queryVariables(range: TimeRange, step: number, scrapeMs: number): ScopedVars {
  const span = range.to.valueOf() - range.from.valueOf();
  const rate = Math.max(step + scrapeMs, 4 * scrapeMs);
  const values: Record<string, string> = {
    __interval: duration(step),
    __interval_ms: String(step),
    __rate_interval: duration(rate),
    __rate_interval_ms: String(rate),
    __range: `${Math.max(1, Math.round(span / 1000))}s`,
    __range_s: String(Math.max(1, Math.round(span / 1000))),
    __range_ms: String(span),
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { text: value, value }]));
}

/** Start and end on multiples of the step, so that a refresh does not move the points; in seconds. */
export function aligned(range: TimeRange, step: number): { start: number; end: number; step: number } {
  const floor = (milliseconds: number) => (Math.floor(milliseconds / step) * step) / 1000;
  return { start: floor(range.from.valueOf()), end: floor(range.to.valueOf()), step: step / 1000 };
}
