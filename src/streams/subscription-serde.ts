import { HeadraceError } from '../errors.ts';
import { joinParts, partsOf } from '../serde/parts.ts';
import type { Serde } from '../serde/serde.ts';
import { nameAround } from '../serde/serde-name.ts';
import type { Subscription, SubscriptionAnswer } from './topology/nodes.ts';

const INSTRUCTIONS = [
  'delete',
  'delete and tell',
  'tell',
  'tell if found',
] as const satisfies readonly Subscription['instruction'][];
const WHAT = 'A record of a foreign-key join';

/** For the internal topics of foreign-key joins. */
export const subscriptionSerde: Serde<Subscription> = {
  name: 'subscription',
  serialize: ({ key, hash, instruction }) => joinParts([Uint8Array.of(INSTRUCTIONS.indexOf(instruction)), key, hash]),
  deserialize(bytes) {
    const [code, key, hash] = partsOf(bytes, WHAT, 3);
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
    serialize: ({ hash, row: value }) => joinParts([hash, value === null ? null : row.serialize(value)]),
    deserialize(bytes) {
      const [hash, value] = partsOf(bytes, WHAT, 2);
      return { hash: hash?.slice() ?? null, row: value == null ? null : row.deserialize(value) };
    },
  };
}
