import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppendedRanges } from '../../src/app/appended-ranges.ts';

const at = (partition: number, offset: number) => ({ topic: 'transactions', partition, offset });

describe('the ranges of an intake', () => {
  it('tell its records from those of others between them', () => {
    const ranges = new AppendedRanges();
    ranges.add([at(0, 5), at(0, 6), at(1, 0)]);
    ranges.add([at(0, 7), at(0, 9)]);
    expect(ranges.count).toBe(5);
    expect([4, 5, 6, 7, 8, 9, 10].filter((offset) => ranges.has(at(0, offset)))).toEqual([5, 6, 7, 9]);
    expect([0, 1].filter((offset) => ranges.has(at(1, offset)))).toEqual([0]);
    expect(ranges.has(at(2, 0))).toBe(false);
  });

  it('say the same as a set of all positions', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60)), fc.nat(5), (drawn, size) => {
        const offsets = drawn.sort((a, b) => a - b);
        const ranges = new AppendedRanges();
        for (let from = 0; from < offsets.length; from += size + 1) {
          ranges.add(offsets.slice(from, from + size + 1).map((offset) => at(3, offset)));
        }
        const all = Array.from({ length: 62 }, (_, offset) => offset);
        expect(all.filter((offset) => ranges.has(at(3, offset)))).toEqual(offsets);
      }),
    );
  });
});
