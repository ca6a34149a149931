import { JoinWindowStore } from '../../state/join-window-store.ts';
import { type JoinSide, type Unjoined, UnjoinedStore } from '../../state/unjoined-store.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import type { OperatorTime } from '../operator-time.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/**
 * Joins each record with those of the other stream that have its key and lie within the window around its timestamp. In a left
 * or outer join a record without a partner is sent with null when its window and grace have passed, and not before (KIP-633), or
 * at once when that is so already; a null key can have no partner (KIP-962). A null value is skipped, and so is a null key
 * elsewhere. A pair has the later timestamp of the two. The rules and their order are those of Kafka Streams' KStreamKStreamJoin.
 */
export function streamStreamJoin(
  node: Kind<'streamStreamJoin'>,
  context: OperatorContext,
  next: Receive,
  late: Receive,
  lateOfRight: Receive,
): readonly [Receive, Receive] {
  const { windows, join, name, leftStore, rightStore } = node;
  const { beforeMs, afterMs, graceMs } = windows;
  const left = sideOf('left', new JoinWindowStore(leftStore, context.buffer(leftStore)));
  const right = sideOf('right', new JoinWindowStore(rightStore, context.buffer(rightStore)));
  const unjoined =
    node.unjoined === undefined ? undefined : new UnjoinedStore(node.unjoined, context.buffer(node.unjoined));
  /** What either side has seen. */
  const time = context.time(name);

  if (unjoined !== undefined) {
    context.timed({
      dueAt: () => Math.min(...(['left', 'right'] as const).map((each) => unjoined.earliest(each) + waitOf(each))) + 1,
      advance(to) {
        try {
          sendUnjoined(unjoined, time.advance(to));
        } catch (error) {
          throw failedIn(name, error);
        }
      },
    });
  }
  return [receiver(left, right), receiver(right, left)];

  function sideOf(side: JoinSide, store: JoinWindowStore<unknown, unknown>): Side {
    const isLeft = side === 'left';
    return {
      side,
      store,
      seen: context.time(name, `-${side}`),
      backMs: isLeft ? beforeMs : afterMs,
      aheadMs: isLeft ? afterMs : beforeMs,
      standsAlone: join === 'outer' || (join === 'left' && isLeft),
    };
  }

  /** How long a record of a side waits for a partner. */
  function waitOf(side: JoinSide): number {
    return (side === 'left' ? afterMs : beforeMs) + graceMs;
  }

  function receiver(own: Side, other: Side): Receive {
    const isLeft = own.side === 'left';
    const { backMs, aheadMs, standsAlone } = own;
    const pair = (key: unknown, one: unknown, two: unknown) =>
      isLeft ? node.joiner(one, two, key) : node.joiner(two, one, key);

    const meet: Receive = (key, value, timestamp) => {
      let hasPartner = false;
      const from = Math.max(0, timestamp - backMs, other.seen.now - leftStore.retentionMs + 1);
      other.store.forEach(key, from, timestamp + aheadMs, (at, partner) => {
        hasPartner = true;
        unjoined?.removeAt(other.side, key, at);
        next(key, pair(key, value, partner), Math.max(timestamp, at));
      });
      if (hasPartner || !standsAlone) return;
      if (unjoined === undefined || timestamp + aheadMs < time.now) next(key, pair(key, value, null), timestamp);
      else {
        unjoined.minTime = Math.min(unjoined.minTime, timestamp);
        unjoined.add(own.side, key, timestamp, value);
      }
    };

    return (key, value, timestamp) => {
      try {
        const now = time.advance(timestamp);
        if (value === null || key === null) {
          if (value === null || !standsAlone) context.skipped(name, value === null ? 'null value' : 'null key');
          else next(key, pair(key, value, null), timestamp);
          return;
        }
        if (unjoined !== undefined && timestamp === now && unjoined.minTime + aheadMs + graceMs < now) {
          sendUnjoined(unjoined, now);
        }
        meet(key, value, timestamp);
        keep(own, key, value, timestamp);
      } catch (error) {
        throw failedIn(name, error);
      }
    };
  }

  /** For partners that come later; one that is out of retention would not be found any more. */
  function keep({ store, seen, side }: Side, key: unknown, value: unknown, timestamp: number): void {
    const now = seen.advance(timestamp);
    if (timestamp > now - leftStore.retentionMs) store.add(key, value, timestamp);
    else {
      context.skipped(name, 'late');
      (side === 'left' ? late : lateOfRight)(key, value, timestamp);
    }
    store.expire(now);
  }

  /** Sends those whose window and grace have passed. */
  function sendUnjoined(waiting: UnjoinedStore, now: number): void {
    waiting.minTime = Number.POSITIVE_INFINITY;
    const isOpen = { left: false, right: false };
    for (const { side, time: at, key, values, entry } of inOrder(waiting)) {
      waiting.minTime = at;
      if (isOpen.left && isOpen.right) return;
      if (at + waitOf(side) >= now) {
        isOpen[side] = true;
        // Kafka Streams comes upon each value by itself, and so stops at the second one here.
        if (values.length > 1 && isOpen.left && isOpen.right) return;
        continue;
      }
      for (const value of values) {
        const joined = side === 'left' ? node.joiner(value, null, key) : node.joiner(null, value, key);
        next(key, joined, at);
      }
      waiting.remove(entry);
    }
  }
}

/** One of the two streams as it comes in. */
interface Side {
  readonly side: JoinSide;
  readonly store: JoinWindowStore<unknown, unknown>;
  /** What this side has stored; the store shows nothing that is older than its retention by this. */
  readonly seen: OperatorTime;
  /** How far back from a record of this side its partners may lie, and how far ahead. */
  readonly backMs: number;
  readonly aheadMs: number;
  /** Whether a record of this side is sent without a partner. */
  readonly standsAlone: boolean;
}

/** Both sides in the order of time, the right one first at the same. */
function* inOrder(waiting: UnjoinedStore): IterableIterator<Unjoined> {
  const [lefts, rights] = [waiting.entries('left'), waiting.entries('right')];
  let [left, right] = [lefts.next(), rights.next()];
  while (!left.done || !right.done) {
    if (!right.done && (left.done || right.value.time <= left.value.time)) {
      yield right.value;
      right = rights.next();
    } else if (!left.done) {
      yield left.value;
      left = lefts.next();
    }
  }
}
