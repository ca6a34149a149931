import { HeadraceError } from '../../errors.ts';
import { SuppressBuffer, type Suppressed } from '../../state/suppress-buffer.ts';
import type { Windowed } from '../../state/windowed.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/**
 * Holds changes back (KIP-328) until stream time has passed the end of their window, or their time limit; of several changes
 * of a key the last one is sent on, with its own timestamp and headers, in the order in which the keys came. Where changes
 * wait for a window's end, deletions are dropped: nothing of that window was sent.
 */
export function suppress(node: Kind<'suppress'>, context: OperatorContext, next: Receive): Receive {
  const { until, waitMs, maxRecords, whenFull, name } = node;
  const buffer = new SuppressBuffer(node.store, context.buffer(node.store));
  const time = context.time(name);
  const emitted = context.counter(name, 'suppressionEmit');
  const { record } = context;
  const dropsDeletions = until === 'windowCloses';
  const isFull = () => buffer.count > maxRecords;
  const emit = (change: Suppressed<unknown, unknown>): void => {
    if (change.value === null && dropsDeletions) return;
    record.replaceHeaders(change.headers);
    emitted.count++;
    next(change.key, change.value, change.timestamp, change.before);
  };
  const evictExpired = (expired: number): void => buffer.evictWhile(() => buffer.earliest <= expired, emit);

  context.timed({
    dueAt: () => buffer.earliest + waitMs,
    advance(to) {
      const { headers } = record;
      try {
        evictExpired(time.advance(to) - waitMs);
      } catch (error) {
        throw failedIn(name, error);
      } finally {
        record.replaceHeaders(headers);
      }
    },
  });

  return (key, value, timestamp, before = null) => {
    const expired = time.advance(timestamp) - waitMs;
    const { headers } = record;
    try {
      const since = until === 'windowCloses' ? (key as Windowed<unknown>).window.end : timestamp;
      buffer.put(since, { key, value, before, timestamp, headers });
      evictExpired(expired);
      if (!isFull()) return;
      if (whenFull === 'fail') {
        throw new HeadraceError(
          'PROCESSING_FAILED',
          `the buffer is full: ${buffer.count} changes wait, the bound is ${maxRecords}`,
        );
      }
      buffer.evictWhile(isFull, emit);
    } catch (error) {
      throw failedIn(name, error);
    } finally {
      record.replaceHeaders(headers);
    }
  };
}
