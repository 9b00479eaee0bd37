/** A Prometheus data source that does what Grafana's does, as far as dashboards can see. */
import {
  type AnnotationQuery,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  DataSourceApi,
  type DataSourceInstanceSettings,
  type LegacyMetricFindQueryOptions,
  type MetricFindValue,
  rangeUtil,
  type ScopedVars,
  type TimeRange,
} from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { Observable, of } from 'rxjs';
import type { Annotation, Target } from '../dashboard';
import { ANNOTATION_STEP, annotationEvents } from './annotations';
import { getPrometheus, type QueryResult } from './client';
import { type FrameOptions, tableFrame, timeSeriesFrames } from './frames';
import { aligned, formatValue, queryVariables, stepOf } from './interpolation';
import { findValues } from './variables';

interface Answer {
  frames: DataFrame[];
  error?: { refId: string; message: string };
}

export class PrometheusDatasource extends DataSourceApi<Target> {
  private readonly scrapeMs: number;

  constructor(settings: DataSourceInstanceSettings, scrapeInterval: string) {
    super(settings);
    this.interval = scrapeInterval;
    this.scrapeMs = rangeUtil.intervalToMs(scrapeInterval);
    this.annotations = {
      prepareAnnotation: (json: AnnotationQuery<Target>) => ({
        ...json,
        target: {
          refId: 'Anno',
          expr: (json as unknown as Annotation).expr ?? json.target?.expr ?? '',
          interval: (json as unknown as Annotation).step ?? ANNOTATION_STEP,
          range: true,
        },
      }),
      processEvents: (annotation, frames) => {
        const query = annotation as unknown as Annotation;
        return of(annotationEvents(query, frames, rangeUtil.intervalToMs(query.step ?? ANNOTATION_STEP)));
      },
    };
  }

  override query(request: DataQueryRequest<Target>): Observable<DataQueryResponse> {
    const targets = request.targets.filter((target) => !target.hide && target.expr);
    const tables = targets.filter((target) => target.format === 'table').length;
    return new Observable((subscriber) => {
      const abort = new AbortController();
      void Promise.all(targets.map((target) => this.answer(request, target, tables > 1, abort.signal))).then(
        (answers) => {
          const errors = answers.flatMap((answer) => answer.error ?? []);
          const data = answers.flatMap((answer) => answer.frames);
          subscriber.next(errors.length ? { data, errors } : { data });
          subscriber.complete();
        }
      );
      return () => {
        abort.abort();
      };
    });
  }

  /** One query's frames, or its error: one that fails does not hide what the others found. */
  private async answer(
    request: DataQueryRequest<Target>,
    target: Target,
    several: boolean,
    signal: AbortSignal
  ): Promise<Answer> {
    const { range, scopedVars } = request;
    const replace = (text: string | undefined, variables: ScopedVars) =>
      getTemplateSrv().replace(text ?? '', variables, formatValue);
    const step = stepOf(range, request.intervalMs, replace(target.interval, scopedVars), this.scrapeMs);
    const variables = { ...scopedVars, ...queryVariables(range, step, this.scrapeMs) };
    const expr = replace(target.expr, variables);
    const options = { refId: target.refId, expr, legendFormat: getTemplateSrv().replace(target.legendFormat, variables) };
    try {
      const frames: DataFrame[] = [];
      if (target.instant) {
        frames.push(...asFrames(await instant(expr, range, signal), target, options, several));
      }
      if (target.range ?? !target.instant) {
        const result = await getPrometheus<QueryResult>('query_range', { query: expr, ...aligned(range, step) }, signal);
        frames.push(...asFrames(result, target, { ...options, stepMs: step }, several));
      }
      return { frames };
    } catch (error) {
      return { frames: [], error: { refId: target.refId, message: (error as Error).message } };
    }
  }

  override metricFindQuery(query: unknown, options?: LegacyMetricFindQueryOptions): Promise<MetricFindValue[]> {
    const text = typeof query === 'string' ? query : ((query as { query?: string } | undefined)?.query ?? '');
    const range: TimeRange | undefined = options?.range;
    const variables = range ? queryVariables(range, this.scrapeMs, this.scrapeMs) : {};
    const end = range?.to.valueOf() ?? Date.now();
    const span = { start: Math.floor((range?.from.valueOf() ?? end) / 1000), end: Math.ceil(end / 1000) };
    return findValues(getTemplateSrv().replace(text, { ...options?.scopedVars, ...variables }, formatValue), span);
  }

  override testDatasource() {
    return Promise.resolve({ status: 'success', message: '' });
  }
}

function instant(expr: string, range: TimeRange, signal: AbortSignal): Promise<QueryResult> {
  return getPrometheus<QueryResult>('query', { query: expr, time: range.to.valueOf() / 1000 }, signal);
}

function asFrames(result: QueryResult, target: Target, options: FrameOptions, several: boolean): DataFrame[] {
  return target.format === 'table' ? [tableFrame(result, options, several)] : timeSeriesFrames(result, options);
}

