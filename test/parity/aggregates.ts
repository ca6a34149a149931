import { type KTable, stringSerde, type Windowed } from 'headrace';
import { cogroupAggregated } from './cogroups.ts';
import { add, firstCharacter, subtract } from './functions.ts';
import { type Made, streamIn, table, Unsupported, windowedTable } from './made.ts';
import type { Operator } from './scenario.ts';
import { suppressed, windowedAggregate } from './windows.ts';

const strings = { key: stringSerde, value: stringSerde };

/** By the first character of the value. */
export function groupedBy(source: Made, id: string): Made {
  const options = { ...strings, name: `g${id}` };
  if (source.kind === 'table') {
    const grouped = source.table.groupBy((_key, value) => [firstCharacter(value), value], options);
    return { kind: 'groupedTable', grouped };
  }
  const grouped = streamIn(source).stream.groupBy((_key, value) => firstCharacter(value), options);
  return { kind: 'groupedStream', grouped };
}

export function groupedByKey(source: Made, id: string): Made {
  return { kind: 'groupedStream', grouped: streamIn(source).stream.groupByKey({ ...strings, name: `g${id}` }) };
}

export function windowed(source: Made, windows: Operator): Made {
  if (source.kind === 'cogrouped') return { ...source, windows };
  if (source.kind !== 'groupedStream') throw new Unsupported(`windows of a ${source.kind}`);
  return { kind: 'windows', grouped: source.grouped, windows };
}

export function aggregated(source: Made, fn: string, id: string): Made {
  const name = `s${id}`;
  switch (source.kind) {
    case 'windows':
      return windowedTable(windowedAggregate(source.grouped, source.windows, fn, name));
    case 'cogrouped':
      return cogroupAggregated(source, fn, name);
    case 'groupedStream':
      return aggregatedStream(source, fn, name);
    case 'groupedTable':
      return aggregatedTable(source, fn, name);
    default:
      throw new Unsupported(`aggregate of a ${source.kind}`);
  }
}

function aggregatedStream({ grouped }: Extract<Made, { kind: 'groupedStream' }>, fn: string, name: string): Made {
  if (fn === 'reduce') return table(grouped.reduce({ name, reducer: (all, value) => `${all}|${value}` }));
  const aggregator = (_key: string, value: string, all: string) => add(fn, value, all);
  return table(grouped.aggregate({ name, initializer: () => '', aggregator, value: stringSerde }));
}

function aggregatedTable({ grouped }: Extract<Made, { kind: 'groupedTable' }>, fn: string, name: string): Made {
  if (fn === 'reduce') {
    const adder = (all: string, value: string) => `${all}|${value}`;
    const subtractor = (all: string, value: string) => `${all}~${value}`;
    return table(grouped.reduce({ name, adder, subtractor }));
  }
  return table(
    grouped.aggregate({
      name,
      initializer: () => (fn === 'concat' ? '' : '0'),
      adder: (_key, value, all) => add(fn, value, all),
      subtractor: (_key, value, all) => subtract(fn, value, all),
      value: stringSerde,
    }),
  );
}

export function heldBack(source: Made, operator: Operator, id: string): Made {
  if (source.kind !== 'table') throw new Unsupported(`suppress of a ${source.kind}`);
  const made = suppressed(source.table as unknown as KTable<Windowed<string>, string>, operator, `x${id}`);
  return table(made as unknown as KTable<string, string>, source.isWindowed);
}
