import { regionOf } from './books.ts';

export type KeyAndValue = readonly [key: string, value: string];

/** What was sent and what a committed reader finds, each per key in the order of its partition. */
export interface BooksEvidence {
  readonly sent: readonly { readonly account: string; readonly sequence: number; readonly amount: number }[];
  readonly out: readonly KeyAndValue[];
  readonly totals: readonly KeyAndValue[];
  readonly lag: number;
  readonly openTransactions: readonly string[];
}

const LISTED_MAX = 20;

/** Everything lost, doubled, out of order or wrong; it uses nothing of the engine. */
export function checkBooks({ sent, out, totals, lag, openTransactions }: BooksEvidence): readonly string[] {
  const findings: string[] = [];
  const due = new Map<string, string[]>();
  const balances = new Map<string, number>();
  const regions = new Map<string, { count: number; sum: number }>();
  for (const { account, sequence, amount } of sent) {
    const balance = (balances.get(account) ?? 0) + amount;
    balances.set(account, balance);
    const lines = due.get(account) ?? [];
    lines.push(`${sequence},${lines.length + 1},${balance},${amount}`);
    due.set(account, lines);
    const region = regions.get(regionOf(account)) ?? { count: 0, sum: 0 };
    regions.set(regionOf(account), { count: region.count + 1, sum: region.sum + amount });
  }
  const next = new Map<string, number>();
  for (const [account, value] of out) {
    const at = next.get(account) ?? 0;
    next.set(account, at + 1);
    const expected = due.get(account)?.[at];
    if (expected !== value) findings.push(`output ${at + 1} of ${account} is ${value}, ${expected ?? 'none'} was due`);
  }
  for (const [account, lines] of due) {
    const count = next.get(account) ?? 0;
    if (count < lines.length) findings.push(`${account} has ${count} outputs of ${lines.length}`);
  }
  const last = new Map(totals);
  for (const [region, { count, sum }] of regions) {
    if (last.get(region) !== `${count},${sum}`)
      findings.push(`the total of ${region} is ${last.get(region)}, ${count},${sum} was due`);
  }
  if (lag !== 0) findings.push(`${lag} records of the input are not committed`);
  for (const each of openTransactions) findings.push(`a transaction hangs: ${each}`);
  const listed = findings.slice(0, LISTED_MAX);
  return findings.length > LISTED_MAX ? [...listed, `... and ${findings.length - LISTED_MAX} more`] : listed;
}
