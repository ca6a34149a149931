import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  decodeConsumerAssignment,
  decodeConsumerSubscription,
  encodeConsumerAssignment,
  encodeConsumerSubscription,
} from '../../../../src/log/kafka/protocol/consumer-protocol.ts';

const require = createRequire(import.meta.url);
const { MemberAssignment, MemberMetadata } = require('kafkajs').AssignerProtocol;
const userData = Buffer.from('whose');
const partitions = [
  { topic: 'a', partition: 0 },
  { topic: 'b', partition: 7 },
  { topic: 'a', partition: 2 },
];

describe('the consumer protocol', () => {
  it('is read by others as we write it', () => {
    const subscription = encodeConsumerSubscription({ topics: ['a', 'b'], userData });
    expect(MemberMetadata.decode(subscription)).toEqual({ version: 1, topics: ['a', 'b'], userData });
    const assignment = MemberAssignment.decode(encodeConsumerAssignment({ partitions, userData: null }));
    expect(assignment).toMatchObject({ version: 0, assignment: { a: [0, 2], b: [7] } });
  });

  it('is read by us as others write it', () => {
    const metadata = MemberMetadata.encode({ version: 0, topics: ['a', 'b'], userData });
    expect(decodeConsumerSubscription(metadata)).toEqual({ topics: ['a', 'b'], userData });
    const assignment = MemberAssignment.encode({ version: 0, assignment: { a: [0, 2], b: [7] }, userData });
    const decoded = decodeConsumerAssignment(assignment);
    expect(decoded.partitions.toSorted((x, y) => x.partition - y.partition)).toEqual([
      { topic: 'a', partition: 0 },
      { topic: 'a', partition: 2 },
      { topic: 'b', partition: 7 },
    ]);
  });

  it('takes an empty assignment, and refuses damage', () => {
    expect(decodeConsumerAssignment(Buffer.alloc(0))).toEqual({ partitions: [], userData: null });
    const bytes = encodeConsumerAssignment({ partitions, userData });
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeConsumerAssignment(bytes.subarray(0, length))).toThrow(/damaged/);
    }
  });
});
