import { StateNumber } from '../../state/state-number.ts';
import { ROOM } from '../../state/time-keys.ts';
import type { Window, Windowed } from '../../state/windowed.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** The entries of a store whose time (a window's start, a session's end) lies in from..to, both included, in time order. */
interface TimeOrderedStore {
  fetchAll(from: number, to?: number): IterableIterator<readonly [Windowed<unknown>, unknown, number]>;
}

/** Sends closed windows on. */
export interface WindowCloser {
  close(upTo: number): void;
  /** The first time in the store's order of a window that was not sent; infinite where there is none. */
  earliest(): number;
}

/**
 * Sends each window on once, when it has closed (KIP-825): `upTo` is the last time in the store's order that belongs to a
 * closed window, `timeOf` the time of a window in that order. Up to where windows were sent is state of the store, so that a restart sends none again and forgets none.
 */
export function windowCloser(
  node: Kind<'windowAggregate' | 'sessionAggregate'>,
  context: OperatorContext,
  store: TimeOrderedStore,
  next: Receive,
  timeOf: (window: Window) => number,
): WindowCloser {
  const sent = new StateNumber(context.buffer(node.store), `${ROOM.meta}sent`, -1);
  const emitted = context.counter(node.name, 'emitFinalRecords');
  return {
    close(upTo) {
      if (upTo <= sent.value) return;
      try {
        for (const [key, value, timestamp] of store.fetchAll(sent.value + 1, upTo)) {
          emitted.count++;
          next(key, value, timestamp, null);
        }
      } catch (error) {
        throw failedIn(node.name, error);
      }
      sent.value = upTo;
    },
    earliest() {
      for (const [{ window }] of store.fetchAll(sent.value + 1)) return timeOf(window);
      return Number.POSITIVE_INFINITY;
    },
  };
}
