import { describe, expect, it } from 'vitest';
import { OutputAuditor, type OutputRow } from './output-auditor.ts';

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
