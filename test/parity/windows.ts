import {
  type KGroupedStream,
  type KTable,
  SessionWindows,
  SlidingWindows,
  stringSerde,
  TimeWindows,
  type Windowed,
} from 'headrace';
import { add, both } from './functions.ts';
import type { Operator } from './scenario.ts';

/** The oracle keeps windows for a day. */
export const RETENTION_MS = 86_400_000;

/** An aggregate of a scenario over the windows of the operator before it. */
export function windowedAggregate(
  grouped: KGroupedStream<string, string>,
  { kind, sizeMs = 0, advanceMs = 0, graceMs = 0, emit = 'onUpdate' }: Operator,
  fn: string,
  name: string,
): KTable<Windowed<string>, string> {
  const options = { name, retentionMs: RETENTION_MS, emit: emit as 'onUpdate' | 'onWindowClose' };
  const reducer = (all: string, value: string) => `${all}|${value}`;
  const folds = {
    initializer: () => '',
    aggregator: (_key: string, value: string, all: string) => add(fn, value, all),
    value: stringSerde,
  };
  if (kind === 'session') {
    const sessions = grouped.windowedBy(SessionWindows.of({ gapMs: sizeMs, graceMs }));
    if (fn === 'reduce') return sessions.reduce({ ...options, reducer });
    return sessions.aggregate({ ...options, ...folds, merger: (_key, one, other) => both(fn, one, other) });
  }
  const windows = grouped.windowedBy(timeWindows(kind, { sizeMs, advanceMs, graceMs }));
  return fn === 'reduce' ? windows.reduce({ ...options, reducer }) : windows.aggregate({ ...options, ...folds });
}

export function timeWindows(kind: string | undefined, times: { sizeMs: number; advanceMs: number; graceMs: number }) {
  const { sizeMs, advanceMs, graceMs } = times;
  switch (kind) {
    case 'tumbling':
      return TimeWindows.of({ sizeMs, graceMs });
    case 'hopping':
      return TimeWindows.of({ sizeMs, graceMs, advanceMs });
    case 'sliding':
      return SlidingWindows.of({ timeDifferenceMs: sizeMs, graceMs });
    default:
      throw new RangeError(`no windows of kind ${kind}`);
  }
}

/** A scenario's suppress. */
export function suppressed(
  table: KTable<Windowed<string>, string>,
  { kind, ms = 0, maxRecords }: Operator,
  name: string,
): KTable<Windowed<string>, string> {
  const options = { name, value: stringSerde };
  if (kind === 'windowCloses') return table.suppress({ ...options, kind });
  return table.suppress({ ...options, kind: 'timeLimit', ms, ...(maxRecords === undefined ? {} : { maxRecords }) });
}

/** A windowed key as scenarios write it. */
export function windowedKey({ key, window }: Windowed<string>): string {
  return `${key}@${window.start}/${window.end}`;
}
