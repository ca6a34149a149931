import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSerde } from '../../src/serde/count.ts';
import { int64Serde } from '../../src/serde/primitives.ts';

describe('a count', () => {
  it('is the int64 that Kafka writes, and comes back as a number', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (count) => {
        const bytes = countSerde.serialize(count);
        expect(int64Serde.deserialize(bytes)).toBe(BigInt(count));
        expect(countSerde.deserialize(bytes)).toBe(count);
      }),
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('is not %d', (count) => {
    expect(() => countSerde.serialize(count)).toThrow(expect.objectContaining({ code: 'SERIALIZATION_FAILED' }));
  });

  it('is refused where a number would lose its last digits, or the length is wrong', () => {
    const unreadable = expect.objectContaining({ code: 'DESERIALIZATION_FAILED' });
    expect(() => countSerde.deserialize(int64Serde.serialize(2n ** 53n))).toThrow(unreadable);
    expect(() => countSerde.deserialize(new Uint8Array(4))).toThrow(unreadable);
  });
});
