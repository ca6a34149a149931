import { type KTable, SessionWindows, stringSerde, type Windowed } from 'headrace';
import { add, both } from './functions.ts';
import { type Made, table, Unsupported, windowedTable } from './made.ts';
import type { Operator } from './scenario.ts';
import { RETENTION_MS, timeWindows } from './windows.ts';

type Cogrouped = Extract<Made, { kind: 'cogrouped' }>;

/** A first grouped stream, or one more. */
export function cogrouped(source: Made, { fn = '', with: other }: Operator, get: (id: string) => Made): Made {
  const aggregator = (_key: string, value: string, all: string) => add(fn, value, all);
  if (source.kind === 'groupedStream') return { kind: 'cogrouped', cogrouped: source.grouped.cogroup(aggregator) };
  const added = get(other!);
  if (source.kind !== 'cogrouped' || added.kind !== 'groupedStream') {
    throw new Unsupported(`cogroup of a ${source.kind} with a ${added.kind}`);
  }
  return { kind: 'cogrouped', cogrouped: source.cogrouped.cogroup(added.grouped, aggregator) };
}

export function cogroupAggregated({ cogrouped: streams, windows }: Cogrouped, fn: string, name: string): Made {
  const folds = { name, initializer: () => '', value: stringSerde };
  if (windows === undefined) return table(streams.aggregate(folds));
  const { kind, sizeMs = 0, advanceMs = 0, graceMs = 0 } = windows;
  const kept = { ...folds, retentionMs: RETENTION_MS };
  let made: KTable<Windowed<string>, string>;
  if (kind === 'session') {
    const sessions = streams.windowedBy(SessionWindows.of({ gapMs: sizeMs, graceMs }));
    made = sessions.aggregate({ ...kept, merger: (_key, one, other) => both(fn, one, other) });
  } else made = streams.windowedBy(timeWindows(kind, { sizeMs, advanceMs, graceMs })).aggregate(kept);
  return windowedTable(made);
}
