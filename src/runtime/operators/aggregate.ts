import { TimestampedStore } from '../../state/timestamped-store.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/**
 * aggregate, reduce and count. A null key or value is skipped. The result's timestamp is the greatest of all records in
 * the aggregate (as in Kafka Streams since KIP-258).
 */
export function aggregate(node: Kind<'aggregate'>, input: number, context: OperatorContext, next: Receive): Receive {
  const { initializer, name } = node;
  const aggregator = node.aggregators[input]!;
  const store = new TimestampedStore(node.store, context.buffer(node.store));
  return (key, value, timestamp) => {
    if (key === null || value === null) return context.skipped(name, key === null ? 'null key' : 'null value');
    let updated: unknown;
    let updatedAt = timestamp;
    let before: unknown;
    try {
      before = store.get(key);
      if (before !== null) {
        updatedAt = Math.max(timestamp, store.timestamp);
        updated = aggregator(key, value, before);
      } else {
        // What is told to be replaced is the initial aggregate, as in Kafka Streams.
        before = initializer === undefined ? null : initializer();
        updated = initializer === undefined ? value : aggregator(key, value, before);
        // From its caches it tells what is stored.
        if (node.cached) before = null;
      }
      updated ??= null;
      store.put(key, updated, updatedAt);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, updated, updatedAt, before);
  };
}
