import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeldState, encodeHeldState } from '../../../../src/log/kafka/group/held-state.ts';

describe('what an instance says to hold', () => {
  it('is read as it was written, whatever is held', () => {
    const held = fc.uniqueArray(
      fc.record({ topic: fc.constantFrom('a', 'b'), partition: fc.nat(30), offset: fc.nat(2 ** 40) }),
      { selector: ({ topic, partition }) => `${topic} ${partition}` },
    );
    fc.assert(
      fc.property(held, (all) => {
        const state = JSON.parse(JSON.stringify(encodeHeldState(['a', 'b', 'none'], all)));
        expect(Object.keys(state)).toEqual(['a', 'b', 'none']);
        expect(decodeHeldState(state)).toHaveLength(all.length);
        expect(decodeHeldState(state)).toEqual(expect.arrayContaining([...all]));
      }),
    );
  });

  it('takes a run for partitions that follow each other: a thousand of them are about 10 KB', () => {
    const held = [4, 2, 3, 7].map((partition) => ({ topic: 'in', partition, offset: 100 + partition }));
    expect(encodeHeldState(['in'], held)).toEqual({
      in: [
        [2, 102, 103, 104],
        [7, 107],
      ],
    });
    const many = Array.from({ length: 1_000 }, (_, partition) => ({ topic: 'in', partition, offset: 123_456_789 }));
    expect(JSON.stringify(encodeHeldState(['in'], many)).length).toBeLessThan(11_000);
  });
});
