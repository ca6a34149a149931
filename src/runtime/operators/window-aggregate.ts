import { WindowStore } from '../../state/window-store.ts';
import { windowed } from '../../state/windowed.ts';
import type { TimeWindowAggregateNode } from '../../streams/topology/window-nodes.ts';
import { failedIn, inputTime, type OperatorContext, type Receive } from './receive.ts';
import { windowCloser } from './window-closer.ts';

/**
 * An aggregate of each key in each window that the record's timestamp falls into. A null key is skipped; a null value goes to
 * the aggregator, as in Kafka Streams. A window that has closed (stream time has passed its end and grace) takes no more:
 * counted as skipped, once for each such window, and the record goes to `late`, once. The result's timestamp is the greatest of all records in the window.
 */
export function windowAggregate(
  node: TimeWindowAggregateNode,
  input: number,
  context: OperatorContext,
  next: Receive,
  late: Receive,
): Receive {
  const { initializer, name, windows, emit } = node;
  const aggregator = node.aggregators[input]!;
  const { sizeMs, advanceMs, graceMs } = windows;
  const store = new WindowStore(node.store, context.buffer(node.store));
  const time = inputTime(context, name, input);
  const closes = emit === 'onWindowClose' ? windowCloser(node, context, store, next, ({ start }) => start) : undefined;

  /** The last start of a window that has closed; starts are multiples of advanceMs. */
  const closedStart = (closeTime: number) => Math.floor((closeTime - sizeMs) / advanceMs) * advanceMs;

  function update(key: unknown, value: unknown, timestamp: number, start: number): void {
    let before: unknown;
    let isNew = false;
    let updated: unknown;
    let updatedAt = timestamp;
    try {
      before = store.get(key, start);
      if (before === null) {
        before = initializer();
        isNew = true;
      } else updatedAt = Math.max(timestamp, store.timestamp);
      updated = aggregator(key, value, before) ?? null;
      store.put(key, start, updated, updatedAt);
    } catch (error) {
      throw failedIn(name, error);
    }
    if (closes !== undefined) return;
    // What a first record replaces is the initial aggregate, not null: Kafka Streams sends it so, but not from its caches.
    const told = isNew && node.cached ? null : before;
    next(windowed(key, start, start + sizeMs), updated, updatedAt, told);
  }

  function pass(now: number): void {
    closes?.close(closedStart(now - graceMs));
    store.expire(now);
  }

  if (closes !== undefined) {
    context.timed({
      dueAt: () => closes.earliest() + sizeMs + graceMs,
      advance: (to) => pass(time.advance(to)),
    });
  }

  return (key, value, timestamp) => {
    if (key === null) return context.skipped(name, 'null key');
    const now = time.advance(timestamp);
    const closeTime = now - graceMs;
    const first = Math.floor(Math.max(0, timestamp - sizeMs + advanceMs) / advanceMs) * advanceMs;
    let isLate = false;
    for (let start = first; start <= timestamp; start += advanceMs) {
      if (start + sizeMs > closeTime) update(key, value, timestamp, start);
      else {
        isLate = true;
        context.skipped(name, 'late');
      }
    }
    if (isLate) late(key, value, timestamp);
    pass(now);
  };
}
