import { expect, test } from 'vitest';
import { slicePieces } from '../../../src/clickhouse/row-binary/slice-pieces.ts';

const PIECES = [[0, 1, 2], [], [3], [4, 5, 6, 7]].map((bytes) => Uint8Array.from(bytes));
const ALL = [0, 1, 2, 3, 4, 5, 6, 7];

test('from each place to each place it holds what one piece would hold, in views of the same memory', () => {
  for (let from = 0; from <= 9; from++)
    for (let to = from; to <= 9; to++) {
      const sliced = slicePieces(PIECES, from, to);
      expect([...Buffer.concat(sliced)]).toEqual(ALL.slice(from, to));
      expect(sliced.every((piece) => piece.length > 0 && PIECES.some(({ buffer }) => buffer === piece.buffer))).toBe(
        true,
      );
    }
  expect([...Buffer.concat(slicePieces(PIECES, 2))]).toEqual(ALL.slice(2));
});
