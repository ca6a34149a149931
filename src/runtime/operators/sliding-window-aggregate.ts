import { type WindowEntry, WindowStore } from '../../state/window-store.ts';
import { windowed } from '../../state/windowed.ts';
import type { SlidingWindowAggregateNode } from '../../streams/topology/window-nodes.ts';
import { failedIn, inputTime, type OperatorContext, type Receive } from './receive.ts';
import { windowCloser } from './window-closer.ts';

/** A stored window's aggregate with its timestamp. */
type Aggregate = Pick<WindowEntry<unknown>, 'value' | 'timestamp'>;

/** What the windows around a record tell about those that have to be made for it. */
interface Around {
  readonly starts: Set<number>;
  /** Of the windows that hold the record: what lies behind it is in the first one found. */
  right: Aggregate | undefined;
  left: Aggregate | undefined;
  isLeftStored: boolean;
  isRightStored: boolean;
  /** The greatest timestamp before the record, as far as it is needed. */
  previous: number | undefined;
}

/**
 * Sliding windows (KIP-450): of each record with timestamp t the window [t - d, t] that ends with it, and the one [t + 1,
 * t + 1 + d] behind it as soon as another record falls into it; windows of equal content are kept once. A null key or value
 * is skipped, and so is what falls into a window that has closed: it goes to `late`, once. The rules and their order are those of Kafka Streams'
 * KStreamSlidingWindowAggregate, and so are two peculiarities: records earlier than d share the window [0, d], and send no
 * closed windows on.
 */
export function slidingWindowAggregate(
  node: SlidingWindowAggregateNode,
  input: number,
  context: OperatorContext,
  next: Receive,
  late: Receive,
): Receive {
  const { initializer, name, emit, windows } = node;
  const aggregator = node.aggregators[input]!;
  const { timeDifferenceMs: difference, graceMs } = windows;
  const store = new WindowStore(node.store, context.buffer(node.store));
  const time = inputTime(context, name, input);
  const closes = emit === 'onWindowClose' ? windowCloser(node, context, store, next, ({ start }) => start) : undefined;

  /** Whether the record in process has missed a window that had closed. */
  let isLate = false;

  if (closes !== undefined) {
    context.timed({
      dueAt: () => closes.earliest() + difference + graceMs + 1,
      advance: (to) => pass(time.advance(to)),
    });
  }

  return (key, value, timestamp) => {
    if (key === null || value === null) return context.skipped(name, key === null ? 'null key' : 'null value');
    const now = time.advance(timestamp);
    const closeTime = now - graceMs;
    if (timestamp + difference < closeTime) {
      context.skipped(name, 'late');
      late(key, value, timestamp);
      return;
    }
    isLate = false;
    const isEarly = timestamp < difference;
    try {
      if (isEarly) addEarly(key, value, timestamp, closeTime);
      else add(key, value, timestamp, closeTime, now - node.store.retentionMs);
    } catch (error) {
      throw failedIn(name, error);
    }
    if (isLate) late(key, value, timestamp);
    if (isEarly) return;
    pass(now);
  };

  function pass(now: number): void {
    closes?.close(now - graceMs - difference - 1);
    store.expire(now);
  }

  /** Puts the record into a window, `aggregate` being what that holds (or begins with). */
  function update(
    key: unknown,
    value: unknown,
    at: number,
    start: number,
    aggregate: Aggregate,
    closeTime: number,
  ): void {
    if (start + difference < closeTime) {
      isLate = true;
      context.skipped(name, 'late');
      return;
    }
    const updated = aggregator(key, value, aggregate.value) ?? null;
    const updatedAt = aggregate.value === null ? at : Math.max(at, aggregate.timestamp);
    store.put(key, start, updated, updatedAt);
    // From its caches Kafka Streams tells what is stored.
    const told = node.cached && !('start' in aggregate) ? null : aggregate.value;
    forward(key, start, updated, updatedAt, told);
  }

  function forward(key: unknown, start: number, value: unknown, timestamp: number, before: unknown): void {
    if (closes === undefined) next(windowed(key, start, start + difference), value, timestamp, before);
  }

  function add(key: unknown, value: unknown, at: number, closeTime: number, visibleFrom: number): void {
    const around: Around = newAround();
    const from = Math.max(0, at - 2 * difference, visibleFrom);
    for (const entry of [...store.fetch(key, from, at + 1, true)]) {
      const { start, timestamp: last } = entry;
      const end = start + difference;
      around.starts.add(start);
      if (start === at + 1) {
        around.isRightStored = true;
      } else if (end > at) {
        around.right ??= entry;
        update(key, value, at, start, entry, closeTime);
      } else if (end === at) {
        around.isLeftStored = true;
        update(key, value, at, start, entry, closeTime);
        // A record of this very time has made all windows already.
        if (last >= at) return;
        around.previous = last;
      } else {
        around.left = entry;
        around.previous = last;
        break;
      }
    }
    const { previous } = around;
    if (previous !== undefined && !around.starts.has(previous + 1) && previous + 1 + difference >= at) {
      update(key, value, at, previous + 1, { value: initializer(), timestamp: at }, closeTime);
    }
    if (!around.isLeftStored) {
      const holdsPrevious = previous !== undefined && at - difference <= previous;
      const begun = holdsPrevious ? around.left!.value : initializer();
      update(key, value, at, at - difference, { value: begun, timestamp: at }, closeTime);
    }
    addRight(key, at, around);
  }

  function addEarly(key: unknown, value: unknown, at: number, closeTime: number): void {
    const around: Around = newAround();
    let shared: Aggregate | undefined;
    for (const entry of [...store.fetch(key, 0, at + 1)]) {
      const { start, timestamp: last } = entry;
      around.starts.add(start);
      if (start === 0) {
        shared = entry;
        if (last < at) around.previous = last;
      } else if (start <= at) {
        around.right = entry;
        update(key, value, at, start, entry, closeTime);
      } else {
        around.isRightStored = true;
      }
    }
    if (around.right === undefined && shared !== undefined && shared.timestamp > at) around.right = shared;
    addRight(key, at, around);
    const { previous } = around;
    if (previous !== undefined && !around.starts.has(previous + 1)) {
      update(key, value, at, previous + 1, { value: initializer(), timestamp: at }, closeTime);
    }
    update(key, value, at, 0, shared ?? { value: initializer(), timestamp: at }, closeTime);
  }

  /** The window behind the record, where there are records in it: they are what was found before the record was added. */
  function addRight(key: unknown, at: number, { right, isRightStored }: Around): void {
    if (isRightStored || right === undefined || right.timestamp <= at) return;
    store.put(key, at + 1, right.value, right.timestamp);
    forward(key, at + 1, right.value, right.timestamp, null);
  }
}

function newAround(): Around {
  return {
    starts: new Set(),
    right: undefined,
    left: undefined,
    isLeftStored: false,
    isRightStored: false,
    previous: undefined,
  };
}
