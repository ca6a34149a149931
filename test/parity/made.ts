import type {
  CogroupedKStream,
  GlobalKTable,
  KGroupedStream,
  KGroupedTable,
  KStream,
  KTable,
  Windowed,
} from 'headrace';
import type { Operator } from './scenario.ts';

/** What an operator of a scenario has made. */
export type Made =
  | { readonly kind: 'stream'; readonly stream: KStream<string, string> }
  | { readonly kind: 'table'; readonly table: KTable<string, string>; readonly isWindowed: boolean }
  | { readonly kind: 'globalTable'; readonly table: GlobalKTable<string, string> }
  | { readonly kind: 'windows'; readonly grouped: KGroupedStream<string, string>; readonly windows: Operator }
  | { readonly kind: 'cogrouped'; readonly cogrouped: CogroupedKStream<string, string>; readonly windows?: Operator }
  | { readonly kind: 'groupedStream'; readonly grouped: KGroupedStream<string, string> }
  | { readonly kind: 'groupedTable'; readonly grouped: KGroupedTable<string, string> };

/** An operator that this version of Headrace does not have. */
export class Unsupported extends RangeError {}

export function stream(made: KStream<string, string>): Made {
  return { kind: 'stream', stream: made };
}

export function table(made: KTable<string, string>, isWindowed = false): Made {
  return { kind: 'table', table: made, isWindowed };
}

/** Most operators do not look at the key, so a windowed table goes on as one with text for keys. */
export function windowedTable(made: KTable<Windowed<string>, string>): Made {
  return table(made as unknown as KTable<string, string>, true);
}

export function streamIn(made: Made): Extract<Made, { kind: 'stream' }> {
  if (made.kind === 'stream') return made;
  throw new Unsupported(`a ${made.kind} where a stream is expected`);
}
