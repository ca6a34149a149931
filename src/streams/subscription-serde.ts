import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import { nameAround } from '../serde/serde-name.ts';
import type { Subscription, SubscriptionAnswer } from './topology/nodes.ts';

const INSTRUCTIONS = [
  'delete',
  'delete and tell',
  'tell',
  'tell if found',
] as const satisfies readonly Subscription['instruction'][];
const NONE = 0xff_ff_ff_ff;
const LENGTH_BYTES = 4;

/** Parts one after the other, each with its length before it, four bytes; all ones for none. */
function join(parts: readonly (Uint8Array | null)[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + LENGTH_BYTES + (part?.length ?? 0), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part === null ? NONE : part.length);
    if (part !== null) bytes.set(part, at + LENGTH_BYTES);
    at += LENGTH_BYTES + (part?.length ?? 0);
  }
  return bytes;
}

function split(bytes: Uint8Array, count: number): readonly (Uint8Array | null)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: (Uint8Array | null)[] = [];
  let at = 0;
  while (parts.length < count && at + LENGTH_BYTES <= bytes.length) {
    const length = view.getUint32(at);
    at += LENGTH_BYTES;
    if (length === NONE) parts.push(null);
    else {
      parts.push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  if (parts.length === count && at === bytes.length) return parts;
  throw new HeadraceError(
    'DESERIALIZATION_FAILED',
    'A record of a foreign-key join is cut off or has more than it needs',
  );
}

/** For the internal topics of foreign-key joins. */
export const subscriptionSerde: Serde<Subscription> = {
  name: 'subscription',
  serialize: ({ key, hash, instruction }) => join([Uint8Array.of(INSTRUCTIONS.indexOf(instruction)), key, hash]),
  deserialize(bytes) {
    const [code, key, hash] = split(bytes, 3);
    const instruction = code?.length === 1 ? INSTRUCTIONS[code[0]!] : undefined;
    if (instruction === undefined || key == null) {
      throw new HeadraceError('DESERIALIZATION_FAILED', 'A record of a foreign-key join has no instruction or key');
    }
    return { key: key.slice(), hash: hash?.slice() ?? null, instruction };
  },
};

export function subscriptionAnswerSerde(row: Serde<unknown>): Serde<SubscriptionAnswer> {
  return {
    ...nameAround('answer', row),
    serialize: ({ hash, row: value }) => join([hash, value === null ? null : row.serialize(value)]),
    deserialize(bytes) {
      const [hash, value] = split(bytes, 2);
      return { hash: hash?.slice() ?? null, row: value == null ? null : row.deserialize(value) };
    },
  };
}
