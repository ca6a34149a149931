import { toBinaryString } from '../../state/binary-string.ts';
import type { Windowed } from '../../state/windowed.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import type { PlannedNode } from '../../streams/topology/plan.ts';
import { TableCache } from '../table-cache.ts';
import type { OperatorContext, Receive } from './receive.ts';

/** The tables that can be cached: those that are stored by key, or by key and window. */
export type CachedNode = Kind<
  'tableSource' | 'toTable' | 'aggregate' | 'tableAggregate' | 'windowAggregate' | 'sessionAggregate'
>;

export function isCached(node: PlannedNode): node is CachedNode {
  return 'cached' in node && node.cached === true;
}

/** Goes before and behind the operator of a cached table. */
export interface Cached {
  /** Takes the operator's updates. */
  readonly next: Receive;
  /** The operator, as its parents call it. */
  readonly around: (operator: Receive) => Receive;
}

/**
 * Keeps the updates of a table back until the task sends them on (see TaskCaches): of each key the last one, as Kafka Streams'
 * record cache does. A row that an aggregator deletes is sent with the time of the record that did it, as there.
 */
export function cached(node: CachedNode, context: OperatorContext, next: Receive): Cached {
  const cache = new TableCache(node.name, context.record, next);
  context.cache(cache);
  const nameOf = nameOfKey(node);
  const deletesAtInput = DELETE_AT_INPUT.has(node.kind);
  let inputTime = -1;
  return {
    next(key, value, timestamp, before = null) {
      const at = value === null && deletesAtInput ? inputTime : timestamp;
      cache.put(nameOf(key), key, value, at, before);
    },
    around(operator) {
      if (!deletesAtInput) return operator;
      return (key, value, timestamp, before, isHistory) => {
        inputTime = timestamp;
        operator(key, value, timestamp, before, isHistory);
      };
    },
  };
}

const DELETE_AT_INPUT: ReadonlySet<CachedNode['kind']> = new Set(['aggregate', 'tableAggregate', 'windowAggregate']);

function nameOfKey({ kind, store: { key: serde } }: CachedNode): (key: unknown) => string {
  if (kind !== 'windowAggregate' && kind !== 'sessionAggregate') return (key) => toBinaryString(serde.serialize(key));
  return (windowedKey) => {
    const { key, window } = windowedKey as Windowed<unknown>;
    return `${window.start}/${window.end}/${toBinaryString(serde.serialize(key))}`;
  };
}
