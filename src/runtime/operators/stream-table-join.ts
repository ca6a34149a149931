import { JoinBuffer } from '../../state/join-buffer.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';
import { tableReader } from './table.ts';

/**
 * Each record of the stream with the table's value: the present one, or of a versioned table the one at the record's time. A
 * null value is skipped, and so is a null key but in a left join (KIP-962). With a grace a record waits until stream time has
 * passed its own by that much, so that changes of the table may come late (KIP-923); one that comes later itself does not wait.
 */
export function streamTableJoin(node: Kind<'streamTableJoin'>, context: OperatorContext, next: Receive): Receive {
  const { joiner, isLeft, name } = node;
  const table = tableReader(node.parents[1]!, context);
  const { asOf } = table;
  const rowOf = asOf ?? ((key: unknown) => table.get(key));

  const join: Receive = (key, value, timestamp) => {
    let joined: unknown;
    try {
      const row = key === null ? null : rowOf(key, timestamp);
      if (row === null && !isLeft) return;
      joined = joiner(value, row, key);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, joined, timestamp);
  };
  const receive = node.buffer === undefined ? join : buffered(node, context, join);
  return (key, value, timestamp) => {
    if (value === null || (key === null && !isLeft)) context.skipped(name, value === null ? 'null value' : 'null key');
    else receive(key, value, timestamp);
  };
}

function buffered(node: Kind<'streamTableJoin'>, context: OperatorContext, join: Receive): Receive {
  const { graceMs, name } = node;
  const { record } = context;
  const buffer = new JoinBuffer(node.buffer!, context.buffer(node.buffer!));
  const time = context.time(name);

  function takeUpTo(end: number): void {
    const { headers } = record;
    try {
      buffer.takeUpTo(end, (each) => {
        record.replaceHeaders(each.headers);
        join(each.key, each.value, each.timestamp);
      });
    } catch (error) {
      throw failedIn(name, error);
    } finally {
      record.replaceHeaders(headers);
    }
  }

  context.timed({
    dueAt: () => buffer.earliest() + graceMs,
    advance: (to) => takeUpTo(time.advance(to) - graceMs),
  });
  return (key, value, timestamp) => {
    if (time.now - graceMs > timestamp) {
      join(key, value, timestamp);
      return;
    }
    try {
      buffer.add({ key, value, timestamp, headers: record.headers });
    } catch (error) {
      throw failedIn(name, error);
    }
    takeUpTo(time.advance(timestamp) - graceMs);
  };
}
