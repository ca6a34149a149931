import { expect, it } from 'vitest';
import { type BooksEvidence, checkBooks } from './check-books.ts';

const sound: BooksEvidence = {
  sent: [
    { account: 'a1', sequence: 1, amount: 5 },
    { account: 'a1', sequence: 2, amount: -2 },
    { account: 'a2', sequence: 1, amount: 7 },
  ],
  out: [
    ['a1', '1,1,5,5'],
    ['a2', '1,1,7,7'],
    ['a1', '2,2,3,-2'],
  ],
  totals: [
    ['r1', '1,5'],
    ['r2', '1,7'],
    ['r1', '2,3'],
  ],
  lag: 0,
  openTransactions: [],
};

it('finds nothing in sound books', () => {
  expect(checkBooks(sound)).toEqual([]);
});

it.each<[string, Partial<BooksEvidence>, RegExp]>([
  ['an output lost', { out: sound.out.slice(1) }, /output 1 of a1 is 2,2,3,-2/],
  ['the last output lost', { out: sound.out.slice(0, 2) }, /a1 has 1 outputs of 2/],
  ['an output doubled', { out: [...sound.out, ['a2', '1,1,7,7']] }, /output 2 of a2 .* none was due/],
  ['outputs swapped', { out: sound.out.toReversed() }, /output 1 of a1/],
  ['a record counted twice in the state', { out: [...sound.out.slice(0, 2), ['a1', '2,3,1,-2']] }, /2,3,1,-2, 2,2,3,-2/],
  ['a total that counts twice', { totals: [...sound.totals, ['r2', '2,14']] }, /total of r2 is 2,14/],
  ['input that nobody committed', { lag: 1 }, /1 records of the input/],
  ['a transaction that hangs', { openTransactions: ['t 1'] }, /hangs: t 1/],
])('sees %s', (_what, change, finding) => {
  expect(checkBooks({ ...sound, ...change }).join('\n')).toMatch(finding);
});
