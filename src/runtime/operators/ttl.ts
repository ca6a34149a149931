import { fromBinaryString, toBinaryString } from '../../state/binary-string.ts';
import { TimestampedStore } from '../../state/timestamped-store.ts';
import { TtlIndex } from '../../state/ttl-index.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** Rows that one record may expire: what is left goes with the next ones. */
export const EXPIRED_PER_RECORD_MAX = 64;

/**
 * A table whose rows go when they were not updated for `ttlMs`: each is deleted, and the deletion sent on, with the time at
 * which it was due. Time is that of intake (design D7) and moves with the records of the partition. What is due goes before the record
 * that moves time: a record that comes for a row whose time is over begins it anew.
 */
export function expiring(
  node: Kind<'tableSource' | 'toTable' | 'aggregate'>,
  context: OperatorContext,
  next: Receive,
  receive: Receive,
): Receive {
  const { ttl, name, store: definition } = node;
  if (ttl === undefined || definition.kind !== 'keyValue') return receive;
  const buffer = context.buffer(definition);
  const rows = new TimestampedStore(definition, buffer);
  const index = new TtlIndex(context.buffer(ttl.index));
  const time = context.intakeTime(name, '#ttl');
  const { record } = context;

  function expire(now: number): void {
    let expired = 0;
    for (const [binary, at] of index.due(now - ttl!.ms)) {
      if (expired++ === EXPIRED_PER_RECORD_MAX) return;
      const key = definition.key.deserialize(fromBinaryString(binary));
      const row = rows.get(key);
      rows.put(key, null, at + ttl!.ms);
      index.forget(binary);
      if (row !== null) next(key, null, at + ttl!.ms, row);
    }
  }

  return (key, value, timestamp, before, isHistory) => {
    // What a punctuation forwards was taken in with it.
    const now = time.advance(record.batch?.timestampAt(record.index) ?? record.timestamp);
    let binary = '';
    let was: Uint8Array | null = null;
    try {
      expire(now);
      if (key !== null) {
        binary = toBinaryString(definition.key.serialize(key));
        was = buffer.get(binary);
      }
    } catch (error) {
      throw failedIn(name, error);
    }
    receive(key, value, timestamp, before, isHistory);
    if (key === null) return;
    const is = buffer.get(binary);
    // A record that was skipped has not put a row, and prolongs nothing.
    if (is === was) return;
    if (is === null) index.forget(binary);
    else index.touch(binary, now);
  };
}
