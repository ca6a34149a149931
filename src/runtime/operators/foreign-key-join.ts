import { createHash } from 'node:crypto';
import { fromBinaryString, toBinaryString } from '../../state/binary-string.ts';
import type { Kind, Subscription, SubscriptionAnswer } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';
import { tableReader } from './table.ts';

/**
 * A foreign-key join of two tables (KIP-213, KIP-1104), whose rows lie in different partitions: a row of the left table
 * subscribes where its foreign key lives, is told the other row there and each of its changes, and joins what it is told
 * with itself, unless it has changed since it asked: then a newer answer is on its way. The instructions say who needs an
 * answer, so that nothing is told twice and no deletion is told of what never was.
 */
export function foreignKeySubscribe(
  node: Kind<'foreignKeySubscribe'>,
  context: OperatorContext,
  next: Receive,
): Receive {
  const { foreignKeyOf, foreignKey, key: keySerde, value: valueSerde, isLeft, name } = node;
  const foreign = (key: unknown, value: unknown): unknown => {
    if (value === null) return null;
    try {
      return foreignKeyOf(value, key) ?? null;
    } catch (error) {
      throw failedIn(name, error);
    }
  };
  const isSame = (left: unknown, right: unknown) =>
    left === right ||
    (left !== null && right !== null && Buffer.compare(foreignKey.serialize(left), foreignKey.serialize(right)) === 0);
  return (key, value, timestamp, before = null, isHistory = false) => {
    if (key === null || isHistory) return context.skipped(name, key === null ? 'null key' : 'superseded');
    if (value === null && before === null) return;
    const [now, then] = [foreign(key, value), foreign(key, before)];
    const own = keySerde.serialize(key).slice();
    const hash = value === null ? null : hashOf(valueSerde.serialize(value));
    const ask = (wanted: unknown, instruction: Subscription['instruction']) =>
      next(wanted, { key: own, hash, instruction } satisfies Subscription, timestamp);
    if (isLeft) {
      if (then !== null && !isSame(now, then)) ask(then, 'delete');
      ask(now, 'tell');
    } else if (now === null) {
      if (value !== null) context.skipped(name, 'null foreign key');
      if (then !== null) ask(then, 'delete and tell');
    } else if (then === null || isSame(now, then)) ask(now, 'tell if found');
    else {
      ask(then, 'delete');
      ask(now, 'tell');
    }
  };
}

export function foreignKeyJoin(
  node: Kind<'foreignKeyJoin'>,
  context: OperatorContext,
  next: Receive,
): readonly [Receive, Receive] {
  const { key: keySerde, foreignKey, store, parents, name } = node;
  const subscriptions = context.buffer(store);
  const table = tableReader(parents[1]!, context);
  const answer = (own: Uint8Array, hash: Uint8Array | null, row: unknown, timestamp: number) =>
    next(keySerde.deserialize(own), { hash, row } satisfies SubscriptionAnswer, timestamp);
  return [
    (wanted, asked, timestamp) => {
      const { key, hash, instruction } = asked as Subscription;
      if (wanted !== null) {
        const isDeleted = instruction === 'delete' || instruction === 'delete and tell';
        subscriptions.put(
          prefixOf(foreignKey.serialize(wanted)) + toBinaryString(key),
          isDeleted ? null : (hash ?? NONE),
        );
      }
      if (instruction === 'delete') return;
      let row: unknown;
      try {
        row = wanted === null ? null : table.get(wanted);
      } catch (error) {
        throw failedIn(name, error);
      }
      if (row === null && instruction === 'tell if found') return;
      const answeredAt = row === null ? timestamp : Math.max(timestamp, table.timestamp);
      answer(key, hash, instruction === 'delete and tell' ? null : row, answeredAt);
    },
    (changed, row, timestamp, _before, isHistory = false) => {
      if (changed === null || isHistory) return context.skipped(name, changed === null ? 'null key' : 'superseded');
      const prefix = prefixOf(foreignKey.serialize(changed));
      // To the end before anything is sent on, which may come back here.
      const wanting = [...subscriptions.range(prefix, after(prefix))];
      for (const [key, hash] of wanting) {
        answer(fromBinaryString(key.slice(prefix.length)), hash.length === 0 ? null : hash.slice(), row, timestamp);
      }
    },
  ];
}

export function foreignKeyResponse(
  { parents, value: valueSerde, isLeft, joiner, name }: Kind<'foreignKeyResponse'>,
  context: OperatorContext,
  next: Receive,
): Receive {
  const table = tableReader(parents[1]!, context);
  return (key, answered, timestamp) => {
    const { hash, row } = answered as SubscriptionAnswer;
    let joined: unknown = null;
    try {
      const present = table.get(key);
      const presentHash = present === null ? null : hashOf(valueSerde.serialize(present));
      if (!isSameHash(hash, presentHash)) return;
      if (present !== null && (row !== null || isLeft)) joined = joiner(present, row, key);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, joined, timestamp);
  };
}

const HASH_BYTES = 16;
const NONE = new Uint8Array();

function hashOf(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest().subarray(0, HASH_BYTES);
}

function isSameHash(left: Uint8Array | null, right: Uint8Array | null): boolean {
  return left === null || right === null ? left === right : Buffer.compare(left, right) === 0;
}

/** The length before the foreign key keeps one from being the beginning of another. */
function prefixOf(foreignKey: Uint8Array): string {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, foreignKey.length);
  return toBinaryString(length) + toBinaryString(foreignKey);
}

/** The first key behind all that begin with the prefix; undefined where there is none. */
function after(prefix: string): string | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix.charCodeAt(end - 1);
    if (last < 0xff) return prefix.slice(0, end - 1) + String.fromCharCode(last + 1);
  }
  return undefined;
}
