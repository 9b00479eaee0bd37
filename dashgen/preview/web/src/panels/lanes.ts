/** Series as lanes of boxes: what state timelines and status histories draw. */
import { type DataFrame, type Field, FieldType, formattedValueToString, getFieldDisplayName } from '@grafana/data';

/** One state over a span of time, in milliseconds. */
export interface Box {
  start: number;
  end: number;
  text: string;
  color: string;
}

export interface Lane {
  name: string;
  boxes: Box[];
}

export interface LaneOptions {
  /** Equal neighbours are one box. */
  merge: boolean;
  /** Where the last state ends. */
  end: number;
}

/** How long a point stands for itself: the distance of the points, which a gap does not lengthen. */
function spacing(times: number[], interval: number | null | undefined): number {
  if (interval) {
    return interval;
  }
  const distances = times.slice(1).map((time, index) => time - (times[index] ?? time));
  return distances.length ? Math.min(...distances) : 60_000;
}

function boxesOf(times: Field<number>, states: Field, { merge, end }: LaneOptions): Box[] {
  const step = spacing(times.values, times.config.interval);
  const boxes: Box[] = [];
  let lastText: string | undefined;
  times.values.forEach((start, index) => {
    const value: unknown = states.values[index];
    if (value === null || value === undefined) {
      lastText = undefined;
      return;
    }
    const display = states.display?.(value);
    const text = display ? formattedValueToString(display) : '';
    const until = Math.min(start + step, end);
    const last = boxes.at(-1);
    if (merge && last && text === lastText && start - last.end <= step / 2) {
      last.end = until;
    } else {
      boxes.push({ start, end: until, text, color: display?.color ?? '#808080' });
    }
    lastText = text;
  });
  return boxes;
}

export function lanesOf(frames: DataFrame[], options: LaneOptions): Lane[] {
  return frames.flatMap((frame) => {
    const times: Field<number> | undefined = frame.fields.find((field) => field.type === FieldType.time);
    if (!times) {
      return [];
    }
    return frame.fields
      .filter((field) => field !== times)
      .map((field) => ({ name: getFieldDisplayName(field, frame, frames), boxes: boxesOf(times, field, options) }));
  });
}

/** The states that occur, each once, with its colour; those without text have no place in a legend. */
export function statesOf(lanes: Lane[]): Map<string, string> {
  const states = lanes.flatMap(({ boxes }) => boxes.map(({ text, color }): [string, string] => [text, color]));
  return new Map(states.filter(([text]) => text));
}
