import { describe, expect, it } from 'vitest';
import { groupOf, OutputAuditor, type OutputRow, TotalsAuditor } from './output-auditor.ts';

const amounts = new Map([
  ['a', [5, 7, 9]],
  ['b', [1]],
]);
const sound: readonly OutputRow[] = [
  { key: 'a', count: 1, sum: 5 },
  { key: 'b', count: 1, sum: 1 },
  { key: 'a', count: 2, sum: 12 },
  { key: 'a', count: 3, sum: 21 },
];
const findingsOf = (rows: readonly OutputRow[]) => {
  const auditor = new OutputAuditor(amounts);
  for (const row of rows) auditor.see(row);
  return auditor.findings();
};

describe('the auditor of outputs', () => {
  it('finds nothing where all is right', () => {
    expect(findingsOf(sound)).toEqual([]);
  });

  it.each<[string, readonly OutputRow[]]>([
    ['an output twice', [...sound.slice(0, 3), sound[2]!, sound[3]!]],
    ['a record counted twice', [...sound, { key: 'a', count: 4, sum: 30 }]],
    ['a lost output', [sound[0]!, sound[1]!, sound[3]!]],
    ['a lost end', sound.slice(0, 3)],
    ['another order', [sound[2]!, sound[1]!, sound[0]!, sound[3]!]],
    ['a state of another time', [sound[0]!, sound[1]!, { key: 'a', count: 2, sum: 7 }, sound[3]!]],
    ['a key that nobody sent', [...sound, { key: 'c', count: 1, sum: 1 }]],
  ])('finds %s', (_what, rows) => {
    expect(findingsOf(rows)).not.toEqual([]);
  });
});

describe('the auditor of totals', () => {
  const [one, other] = ['key-1', 'key-21'];
  const key = groupOf(one);
  const totals: readonly OutputRow[] = [
    { key, count: 1, sum: 7 },
    { key, count: 2, sum: 12 },
    { key, count: 3, sum: 15 },
  ];
  const findingsIn = (rows: readonly OutputRow[]) => {
    const auditor = new TotalsAuditor(
      new Map([
        [one, [5, 3]],
        [other, [7]],
      ]),
    );
    for (const row of rows) auditor.see(row);
    return auditor.findings();
  };

  it('takes the keys of a group in any order', () => {
    expect(groupOf(other)).toBe(key);
    expect(findingsIn(totals)).toEqual([]);
  });

  it.each<[string, readonly OutputRow[]]>([
    ['a total twice', [...totals, totals[2]!]],
    ['a record counted twice', [...totals, { key, count: 4, sum: 18 }]],
    ['a lost total', [totals[0]!, totals[2]!]],
    ['a lost end', totals.slice(0, 2)],
    ['a record too many in place of one', [totals[0]!, totals[1]!, { key, count: 3, sum: 19 }]],
    ['a group of nobody', [...totals, { key: 'group-9', count: 1, sum: 1 }]],
  ])('finds %s', (_what, rows) => {
    expect(findingsIn(rows)).not.toEqual([]);
  });
});
