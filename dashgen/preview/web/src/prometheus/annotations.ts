/** Annotations as Grafana's Prometheus data source makes them: a region while a series is above zero. */
import { type AnnotationEvent, type DataFrame, FieldType } from '@grafana/data';
import type { Annotation } from '../dashboard';
import { legend } from './frames';

export const ANNOTATION_STEP = '60s';

export function annotationEvents(annotation: Annotation, frames: DataFrame[], stepMs: number): AnnotationEvent[] {
  return frames.flatMap((frame) => {
    const times = frame.fields.find((field) => field.type === FieldType.time);
    const series = frame.fields.find((field) => field.type === FieldType.number);
    if (!times || !series) {
      return [];
    }
    const labels = series.labels ?? {};
    const texts = {
      title: legend(annotation.titleFormat ?? 'Alert', labels, ''),
      text: legend(annotation.textFormat ?? '', labels, ''),
      tags: (annotation.tagKeys ?? '').split(',').flatMap((key) => labels[key.trim()] ?? []),
    };
    const active = (times.values as number[]).filter((_, index) => Number(series.values[index]) > 0);
    return regions(active, stepMs).map(([time, timeEnd]) => ({ ...texts, time, timeEnd, isRegion: timeEnd > time }));
  });
}

/** Ascending times, joined where no step is missing between them. */
function regions(times: number[], stepMs: number): [number, number][] {
  const found: [number, number][] = [];
  for (const time of times) {
    const last = found.at(-1);
    if (last && time - last[1] <= stepMs) {
      last[1] = time;
    } else {
      found.push([time, time]);
    }
  }
  return found;
}
