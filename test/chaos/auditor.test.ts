import { describe, expect, it } from 'vitest';
import { audit } from './auditor.ts';
import type { AcceptedTransaction, Evidence } from './evidence.ts';

/** Sound books of two accounts; each test plants one fault into them. */
function sound(): Evidence {
  const accepted: AcceptedTransaction[] = [];
  const inputs: Evidence['inputs'][number][] = [];
  for (const [partition, accountId] of ['A', 'B'].entries()) {
    let balance = 0n;
    for (let i = 0; i < 4; i++) {
      const effect = i === 3 ? -50n : 100n;
      balance += effect;
      inputs.push({
        transactionId: `t${i}`,
        accountId,
        currency: 'EUR',
        effect,
        isRequest: i === 3,
        acknowledged: true,
      });
      accepted.push({
        transactionId: `t${i}`,
        accountId,
        currency: 'EUR',
        sequence: i + 1,
        effect,
        balanceAfter: balance,
        sourceTopic: 'transactions',
        sourcePartition: partition,
        sourceOffset: i,
      });
    }
  }
  const rejected = [{ code: 'DUPLICATE', sourcePartition: 0, sourceOffset: 4 }];
  const postings = accepted.flatMap(({ accountId, sequence, currency, effect }) =>
    [0, 1].map((leg) => ({ accountId, sequence, leg, currency, effect: leg === 0 ? effect : -effect })),
  );
  const balances = ['A', 'B'].map((accountId) => ({ accountId, currency: 'EUR', booked: 250n }));
  const summaries = ['A', 'B'].map((accountId) => ({
    accountId,
    day: '2026-01-01',
    currency: 'EUR',
    credits: 300n,
    debits: 50n,
    count: 4,
  }));
  const transactions = [
    ...accepted.map(({ transactionId, accountId, sourcePartition, sourceOffset }) => ({
      transactionId,
      accountId,
      partition: sourcePartition,
      offset: sourceOffset,
    })),
    { transactionId: 't0', accountId: 'A', partition: 0, offset: 4 },
  ];
  return {
    inputs,
    log: { transactions, accepted, rejected, postings, balances, summaries },
    clickhouse: { accepted, rejected, postings, balances, summaries },
  };
}

/** The evidence with one list replaced. */
function withLog<K extends keyof Evidence['log']>(
  list: K,
  change: (rows: Evidence['log'][K]) => Evidence['log'][K],
): Evidence {
  const evidence = sound();
  return { ...evidence, log: { ...evidence.log, [list]: change(evidence.log[list]) } };
}

function withClickHouse<K extends keyof Evidence['clickhouse']>(
  list: K,
  change: (rows: Evidence['clickhouse'][K]) => Evidence['clickhouse'][K],
): Evidence {
  const evidence = sound();
  return { ...evidence, clickhouse: { ...evidence.clickhouse, [list]: change(evidence.clickhouse[list]) } };
}

const without = <T>(rows: readonly T[], index: number) => rows.filter((_, at) => at !== index);
const doubled = <T>(rows: readonly T[], index: number) => [...rows, rows[index]!];
const swapped = <T>(rows: readonly T[], index: number) =>
  rows.map((row, at) => (at === index ? rows[index + 1]! : at === index + 1 ? rows[index]! : row));

describe('the auditor', () => {
  it('finds nothing in sound books', () => {
    expect(audit(sound())).toEqual([]);
  });

  it.each<[string, Evidence, RegExp]>([
    [
      'an acknowledged record lost from the log',
      withLog('transactions', (rows) => without(rows, 2)),
      /acknowledged and is not in the log/,
    ],
    [
      'a record that nobody sent',
      withLog('transactions', (rows) => [...rows, { transactionId: 'x', accountId: 'A', partition: 0, offset: 9 }]),
      /nobody sent/,
    ],
    [
      'two inputs swapped in the log',
      withLog('transactions', (rows) =>
        rows.map((row) =>
          row.accountId === 'A' && row.offset < 2 ? { ...row, transactionId: row.offset === 0 ? 't1' : 't0' } : row,
        ),
      ),
      /before what was sent before it/,
    ],
    ['an outcome lost', withLog('rejected', () => []), /has 0 outcomes/],
    ['an outcome doubled', withLog('rejected', (rows) => doubled(rows, 0)), /has 2 outcomes/],
    ['a posting of the ledger lost', withLog('accepted', (rows) => without(rows, 1)), /sequence 2 was due/],
    ['a posting of the ledger doubled', withLog('accepted', (rows) => doubled(rows, 0)), /accepted twice/],
    [
      'two postings of an account swapped',
      withLog('accepted', (rows) => swapped(rows, 1)),
      /out of the order of the input/,
    ],
    [
      'a wrong balance after',
      withLog('accepted', (rows) =>
        rows.map((row, at) => (at === 3 ? { ...row, balanceAfter: row.balanceAfter + 1n } : row)),
      ),
      /balance after is 251, the sum is 250/,
    ],
    [
      'a wrong final balance',
      withLog('balances', (rows) => rows.map((row) => ({ ...row, booked: row.booked - 1n }))),
      /balance of A EUR is 249/,
    ],
    ['a missing balance', withLog('balances', (rows) => without(rows, 0)), /there is no balance of A EUR/],
    ['a leg lost', withLog('postings', (rows) => without(rows, 0)), /has 1 postings/],
    ['a leg doubled', withLog('postings', (rows) => doubled(rows, 0)), /has a leg twice/],
    [
      'a summary that counts twice',
      withLog('summaries', (rows) =>
        rows.map((row, at) => (at === 0 ? { ...row, count: 8, credits: 600n, debits: 100n } : row)),
      ),
      /daily summaries of A EUR say 8/,
    ],
    [
      'a row lost in ClickHouse',
      withClickHouse('accepted', (rows) => without(rows, 5)),
      /ClickHouse accepted lacks 1 of/,
    ],
    [
      'a row doubled in ClickHouse',
      withClickHouse('postings', (rows) => doubled(rows, 3)),
      /ClickHouse postings has 1 too many of/,
    ],
    [
      'rows swapped in ClickHouse',
      withClickHouse('accepted', (rows) =>
        rows.map((row, at) => (at === 0 ? { ...row, sequence: 2 } : at === 1 ? { ...row, sequence: 1 } : row)),
      ),
      /ClickHouse accepted lacks 1 of .*sequence=1/,
    ],
    [
      'an old balance in ClickHouse',
      withClickHouse('balances', (rows) => rows.map((row, at) => (at === 0 ? { ...row, booked: 0n } : row))),
      /ClickHouse balances has 1 too many of/,
    ],
  ])('sees %s', (_what, evidence, finding) => {
    expect(audit(evidence).join('\n')).toMatch(finding);
  });
});
