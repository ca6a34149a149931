import { TimestampedStore } from '../../state/timestamped-store.ts';
import type { Kind, RowChange } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/**
 * Sends each change of a row to the group that it belongs to; a row that moves to another group is taken out of one and put
 * into the other. A group that is null takes no part.
 */
export function groupTable(node: Kind<'groupTable'>, context: OperatorContext, next: Receive): Receive {
  const { selector, name } = node;
  const grouped = (key: unknown, value: unknown): readonly [unknown, unknown] | undefined => {
    if (value === null) return undefined;
    let pair: readonly [unknown, unknown];
    try {
      pair = selector(key, value);
    } catch (error) {
      throw failedIn(name, error);
    }
    return pair[0] === null || pair[1] === null ? undefined : pair;
  };
  return (key, value, timestamp, before = null, isHistory = false) => {
    if (isHistory) return context.skipped(name, 'superseded');
    if (key === null) throw failedIn(name, 'a row has no key');
    const [now, then] = [grouped(key, value), grouped(key, before)];
    const change = (group: unknown, row: unknown, old: unknown) =>
      next(group, { value: row, before: old } satisfies RowChange, timestamp);
    if (now !== undefined && then !== undefined && isSameKey(node, now[0], then[0])) change(now[0], now[1], then[1]);
    else {
      if (then !== undefined) change(then[0], null, then[1]);
      if (now !== undefined) change(now[0], now[1], null);
    }
  };
}

function isSameKey({ key }: Kind<'groupTable'>, left: unknown, right: unknown): boolean {
  if (left === right) return true;
  return typeof left === 'object' && Buffer.compare(key.serialize(left), key.serialize(right)) === 0;
}

/** Takes the old row out of its group's aggregate and puts the new one in. */
export function tableAggregate(node: Kind<'tableAggregate'>, context: OperatorContext, next: Receive): Receive {
  const { initializer, adder, subtractor, name } = node;
  const store = new TimestampedStore(node.store, context.buffer(node.store));
  return (key, change, timestamp) => {
    if (key === null || change === null) return context.skipped(name, key === null ? 'null key' : 'null value');
    const { value, before } = change as RowChange;
    let aggregate: unknown;
    let old: unknown;
    let updatedAt = timestamp;
    try {
      old = store.get(key);
      if (old !== null && (before !== null || value !== null)) updatedAt = Math.max(timestamp, store.timestamp);
      aggregate = before !== null && old !== null ? subtractor(key, before, old) : old;
      if (value !== null) {
        aggregate ??= initializer === undefined ? null : initializer();
        aggregate = aggregate === null && initializer === undefined ? value : adder(key, value, aggregate);
      }
      aggregate ??= null;
      store.put(key, aggregate, updatedAt);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, aggregate, updatedAt, old);
  };
}
