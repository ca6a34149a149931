import { expect, test } from 'vitest';
import { isWholePage } from '../../../src/clickhouse/queries/last-transactions.ts';

const FIRST = { before: '18446744073709551615', limit: '3' };

function page(sequences: readonly number[], last: number) {
  return sequences.map((sequence) => ({ sequence: String(sequence), last_sequence: String(last) }));
}

test.each<[what: string, sequences: readonly number[], last: number, page: typeof FIRST, isWhole: boolean]>([
  ['full and without a gap', [9, 8, 7], 9, FIRST, true],
  ['short, but down to the first', [2, 1], 2, FIRST, true],
  ['short', [9, 8], 9, FIRST, false],
  ['with a gap: one occurred outside of the months', [9, 7, 6], 9, FIRST, false],
  ['not beginning with the last: that one occurred outside of the months', [8, 7, 6], 9, FIRST, false],
  ['beginning behind what the balances say, which come a little later', [9, 8, 7], 8, FIRST, true],
  ['beginning behind the page before', [5, 4, 3], 9, { before: '6', limit: '3' }, true],
  ['beginning further down than the page before ended', [4, 3, 2], 9, { before: '6', limit: '3' }, false],
  ['of a cursor beyond the end', [9, 8, 7], 9, { before: '100', limit: '3' }, true],
  ['empty, which may be for the months', [], 9, FIRST, false],
])('a page %s', (_what, sequences, last, asked, isWhole) => {
  expect(isWholePage(page(sequences, last), asked)).toBe(isWhole);
});
