import { SessionStore } from '../../state/session-store.ts';
import { type Window, windowed } from '../../state/windowed.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, inputTime, type OperatorContext, type Receive } from './receive.ts';
import { windowCloser } from './window-closer.ts';

/**
 * An aggregate of each key's sessions. A record that lies within the gap of one or more sessions merges them: each of them is
 * deleted downstream (null) before the merged one is sent. A null key is skipped, and so is a record whose session, merged,
 * has closed: it goes to `late`. The result's timestamp is the session's end.
 */
export function sessionAggregate(
  node: Kind<'sessionAggregate'>,
  input: number,
  context: OperatorContext,
  next: Receive,
  late: Receive,
): Receive {
  const { initializer, merger, name, emit } = node;
  const aggregator = node.aggregators[input]!;
  const { gapMs, graceMs } = node.windows;
  const { retentionMs } = node.store;
  const store = new SessionStore(node.store, context.buffer(node.store));
  const time = inputTime(context, name, input);
  const closes = emit === 'onWindowClose' ? windowCloser(node, context, store, next, ({ end }) => end) : undefined;

  function update(key: unknown, value: unknown, timestamp: number, closeTime: number, visibleFrom: number): void {
    const merged: (readonly [Window, unknown])[] = [];
    let window: Window = { start: timestamp, end: timestamp };
    let aggregate: unknown;
    try {
      aggregate = initializer();
      for (const session of store.fetch(key, Math.max(timestamp - gapMs, visibleFrom), timestamp + gapMs)) {
        merged.push(session);
        aggregate = merger(key, aggregate, session[1]);
        window = spanOf(window, session[0]);
      }
    } catch (error) {
      throw failedIn(name, error);
    }
    if (window.end < closeTime) {
      context.skipped(name, 'late');
      late(key, value, timestamp);
      return;
    }
    // A record at the very time of a session of one instant changes nothing of its window: that row is replaced, not deleted.
    const replacesRows = window.start !== timestamp || window.end !== timestamp;
    for (const [session, before] of replacesRows ? merged : []) {
      store.put(key, session, null);
      if (closes === undefined) next(windowed(key, session.start, session.end), null, session.end, before);
    }
    try {
      aggregate = aggregator(key, value, aggregate) ?? null;
      store.put(key, window, aggregate);
    } catch (error) {
      throw failedIn(name, error);
    }
    if (closes !== undefined) return;
    // From its caches Kafka Streams tells what is stored.
    const told = node.cached && !replacesRows ? (merged[0]?.[1] ?? null) : null;
    next(windowed(key, window.start, window.end), aggregate, window.end, told);
  }

  function pass(now: number): void {
    closes?.close(now - graceMs - gapMs - 1);
    store.expire(now);
  }

  if (closes !== undefined) {
    context.timed({
      dueAt: () => closes.earliest() + graceMs + gapMs + 1,
      advance: (to) => pass(time.advance(to)),
    });
  }

  return (key, value, timestamp) => {
    if (key === null) return context.skipped(name, 'null key');
    // What has left the retention may still be stored for a while: it is not merged any more.
    const visibleFrom = time.now - retentionMs;
    const now = time.advance(timestamp);
    const closeTime = now - graceMs - gapMs;
    update(key, value, timestamp, closeTime, visibleFrom);
    pass(now);
  };
}

function spanOf(one: Window, other: Window): Window {
  return { start: Math.min(one.start, other.start), end: Math.max(one.end, other.end) };
}
