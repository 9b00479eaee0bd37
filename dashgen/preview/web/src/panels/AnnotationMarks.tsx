/** Annotations on a graph: a dashed line at a moment, a shaded region over a span; their text in a tooltip. */
import { dateTimeFormat, type DataFrame, type TimeZone } from '@grafana/data';
import { Tooltip, type UPlotConfigBuilder, useTheme2 } from '@grafana/ui';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import type uPlot from 'uplot';

interface Mark {
  time: number;
  timeEnd: number;
  title: string;
  text: string;
  color: string;
}

interface Properties {
  annotations: DataFrame[];
  config: UPlotConfigBuilder;
  timeZone: TimeZone;
}

const asText = (value: unknown) => (typeof value === 'string' ? value : '');

function marksOf(frames: DataFrame[], colour: (name: string) => string): Mark[] {
  return frames.flatMap((frame) => {
    const values = (name: string): unknown[] => frame.fields.find((field) => field.name === name)?.values ?? [];
    const [times, ends, titles] = [values('time'), values('timeEnd'), values('title')];
    const [texts, colours] = [values('text'), values('color')];
    return times.map((time, index) => ({
      time: Number(time),
      timeEnd: Number(ends[index] ?? time),
      title: asText(titles[index]),
      text: asText(texts[index]),
      color: colour(asText(colours[index]) || 'red'),
    }));
  });
}

function draw(plot: uPlot, marks: Mark[]) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.setLineDash([5, 5]);
  for (const { time, timeEnd, color } of marks) {
    const [left, right] = [plot.valToPos(time, 'x', true), plot.valToPos(timeEnd, 'x', true)];
    ctx.fillStyle = color;
    ctx.strokeStyle = color;
    ctx.globalAlpha = 0.1;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 1;
    for (const edge of new Set([left, right])) {
      ctx.beginPath();
      ctx.moveTo(edge, bbox.top);
      ctx.lineTo(edge, bbox.top + bbox.height);
      ctx.stroke();
    }
  }
  ctx.restore();
}

export function AnnotationMarks({ annotations, config, timeZone }: Properties) {
  const theme = useTheme2();
  const marks = marksOf(annotations, (name) => theme.visualization.getColorByName(name));
  const latest = useRef(marks);
  const [plot, setPlot] = useState<uPlot>();
  const [, redrawn] = useState(0);

  useLayoutEffect(() => {
    config.addHook('init', setPlot);
    config.addHook('draw', (drawn) => {
      draw(drawn, latest.current);
      redrawn((count) => count + 1);
    });
  }, [config]);

  useEffect(() => {
    latest.current = marks;
    plot?.redraw(false);
    // Data that are the same give the same marks.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [annotations, plot]);

  return plot && marks.length ? createPortal(marks.map(flag(plot, timeZone)), plot.over) : null;
}

/** A small triangle below the graph, at the start of an annotation. */
const flag = (plot: uPlot, timeZone: TimeZone) =>
  function Flag(mark: Mark) {
    const left = plot.valToPos(Math.max(mark.time, plot.scales.x?.min ?? 0), 'x');
    const times = [mark.time, mark.timeEnd].map((time) => dateTimeFormat(time, { timeZone }));
    const content = [mark.title, mark.text, [...new Set(times)].join(' to ')].filter(Boolean).join('\n');
    return (
      <Tooltip content={<span style={{ whiteSpace: 'pre-wrap' }}>{content}</span>} key={`${mark.time} ${mark.title}`}>
        <div
          data-annotation={mark.title}
          style={{
            borderBottom: `5px solid ${mark.color}`,
            borderLeft: '5px solid transparent',
            borderRight: '5px solid transparent',
            bottom: -6,
            left: left - 5,
            position: 'absolute',
          }}
        />
      </Tooltip>
    );
  };
