import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import type { CachedOption } from './cached.ts';
import type { Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import type { Node } from './topology/nodes.ts';
import type { Emit } from './windows.ts';

/** What all aggregates over windows take. */
export interface WindowedOptions extends CachedOption {
  /** Names the store. It becomes part of the state on disk: keep it. */
  readonly name: string;
  /** How long a window stays in the store, in milliseconds of stream time; at least, and by default, until it closes. */
  readonly retentionMs?: number;
  /** `onUpdate` (the default): every change is sent on. `onWindowClose`: each window once, when it has closed. */
  readonly emit?: Emit;
}

/** A grouped stream, as the windowed streams take it over. */
export interface GroupedInput<K, V> {
  readonly graph: Graph;
  readonly node: Node;
  readonly repartitionName: string | undefined;
  readonly serdes: KnownSerdes<K, V>;
}

export function reducedValue<K, V>({ serdes }: GroupedInput<K, V>, name: string): Serde<V> {
  if (serdes.value === undefined) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `reduce(${name}): the serde of the value is not known here; give it to groupByKey or groupBy`,
    );
  }
  return serdes.value;
}

/** Throws TOPOLOGY_INVALID for a retention under which a window would be gone before it has closed. */
export function retentionOf({ name, retentionMs }: WindowedOptions, leastMs: number): number {
  if (retentionMs === undefined) return leastMs;
  if (!Number.isSafeInteger(retentionMs) || retentionMs < leastMs) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `aggregate(${name}): retentionMs must be whole milliseconds, and at least ${leastMs}, the length of a window with its grace; not ${retentionMs}`,
    );
  }
  return retentionMs;
}

/** Throws TOPOLOGY_INVALID for anything else. */
export function emitOf({ name, emit = 'onUpdate' }: WindowedOptions): Emit {
  if (emit === 'onUpdate' || emit === 'onWindowClose') return emit;
  throw new HeadraceError('TOPOLOGY_INVALID', `aggregate(${name}): emit must be 'onUpdate' or 'onWindowClose'`);
}
