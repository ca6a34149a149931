import { describe, expect, it } from 'vitest';
import { auditCash } from './cash-auditor.ts';
import type { CashEvidence, SeenCash } from './cash-evidence.ts';

const withdrawals = [
  { withdrawalId: 'w0', state: 'DISPENSED', taken: 5_000n, reversed: 0n },
  { withdrawalId: 'w1', state: 'REVERSED', taken: 0n, reversed: 6_000n },
  { withdrawalId: 'w2', state: 'REVERSED', taken: 2_000n, reversed: 5_000n },
  { withdrawalId: 'w3', state: 'SUSPECT', taken: 0n, reversed: 0n },
];
const seen: SeenCash = {
  withdrawals,
  cases: [{ caseId: 'case:w3', withdrawalId: 'w3', kind: 'unknown-outcome', status: 'open' }],
  reports: [
    { withdrawalId: 'w1', number: 1, outcome: 'NOT_DISPENSED' },
    { withdrawalId: 'w2', number: 1, outcome: 'PARTIAL' },
    { withdrawalId: 'w3', number: 1, outcome: 'UNKNOWN' },
  ],
};

/** Sound stories of four withdrawals; each test plants one fault into them. */
function sound(): CashEvidence {
  return {
    sent: [
      { withdrawalId: 'w0', accountId: 'A', amount: 5_000n, story: 'success' },
      { withdrawalId: 'w1', accountId: 'A', amount: 6_000n, story: 'failure' },
      { withdrawalId: 'w2', accountId: 'A', amount: 7_000n, story: 'partial' },
      { withdrawalId: 'w3', accountId: 'A', amount: 8_000n, story: 'silence' },
    ],
    debits: [
      { withdrawalId: 'w0', accountId: 'A', amount: 5_000n },
      { withdrawalId: 'w2', accountId: 'A', amount: 2_000n },
    ],
    balances: [{ accountId: 'A', held: 8_000n, leastAvailable: 0n }],
    settlements: [
      { withdrawalId: 'w1', state: 'REVERSAL_PENDING' },
      { withdrawalId: 'w1', state: 'REVERSED' },
      { withdrawalId: 'w2', state: 'REVERSED' },
      { withdrawalId: 'w3', state: 'SUSPECT' },
    ],
    log: seen,
    clickhouse: seen,
  };
}

function changed(change: Partial<CashEvidence>): CashEvidence {
  return { ...sound(), ...change };
}

/** The same wrong thing in log and ClickHouse. */
function everywhere(change: Partial<SeenCash>): CashEvidence {
  return changed({ log: { ...seen, ...change }, clickhouse: { ...seen, ...change } });
}

const without = <T>(rows: readonly T[], index: number) => rows.filter((_, at) => at !== index);
const withState = (index: number, change: object) =>
  withdrawals.map((each, at) => (at === index ? { ...each, ...change } : each));

describe('the auditor of the cash', () => {
  it('finds nothing in sound stories', () => {
    expect(auditCash(sound())).toEqual([]);
  });

  it.each<[string, CashEvidence, RegExp]>([
    ['a withdrawal lost', everywhere({ withdrawals: without(withdrawals, 0) }), /w0 .* nobody knows it/],
    ['a withdrawal that nobody sent', changed({ sent: sound().sent.slice(1) }), /w0 that nobody sent/],
    [
      'a withdrawal that is stuck',
      everywhere({ withdrawals: withState(1, { state: 'REVERSAL_PENDING' }) }),
      /ends as REV/,
    ],
    [
      'a silence taken for a failure',
      everywhere({ withdrawals: withState(3, { state: 'REVERSED' }) }),
      /w3 .* REVERSED/,
    ],
    ['a debit lost', changed({ debits: without(sound().debits, 0) }), /0 is posted of 5000/],
    ['a debit doubled', changed({ debits: [...sound().debits, sound().debits[0]!] }), /w0 has 2 debits/],
    [
      'a debit of what was not taken',
      changed({ debits: [...sound().debits, { withdrawalId: 'w1', accountId: 'A', amount: 6_000n }] }),
      /6000 is posted of 6000/,
    ],
    [
      'more reversed than was not taken',
      everywhere({ withdrawals: withState(2, { reversed: 7_000n }) }),
      /7000 reversed/,
    ],
    [
      'a reversal doubled',
      changed({ settlements: [...sound().settlements, { withdrawalId: 'w1', state: 'REVERSED' }] }),
      /w1 has 2 reversals/,
    ],
    [
      'a hold left behind',
      changed({ balances: [{ accountId: 'A', held: 14_000n, leastAvailable: 0n }] }),
      /14000 held/,
    ],
    ['a hold gone', changed({ balances: [{ accountId: 'A', held: 0n, leastAvailable: 0n }] }), /0 held, 8000 is due/],
    [
      'money that was not there',
      changed({ balances: [{ accountId: 'A', held: 8_000n, leastAvailable: -1n }] }),
      /-1 was/,
    ],
    ['a case missing', everywhere({ cases: [] }), /w3 is SUSPECT and has no open case/],
    [
      'a case doubled',
      everywhere({ cases: [...seen.cases, { ...seen.cases[0]!, caseId: 'case:w3:2' }] }),
      /w3 has 2 cases/,
    ],
    ['a report doubled', everywhere({ reports: [...seen.reports, seen.reports[0]!] }), /w1: reports 1, 1/],
    [
      'a report lost',
      everywhere({ reports: [{ ...seen.reports[0]!, number: 2 }, ...seen.reports.slice(1)] }),
      /reports 2/,
    ],
    [
      'a row lost in ClickHouse',
      changed({ clickhouse: { ...seen, withdrawals: without(withdrawals, 1) } }),
      /ClickHouse withdrawals: -1 too many of .*w1/,
    ],
    [
      'an old state in ClickHouse',
      changed({ clickhouse: { ...seen, withdrawals: withState(0, { state: 'AUTHORISED' }) } }),
      /ClickHouse withdrawals: 1 too many of .*AUTHORISED/,
    ],
  ])('sees %s', (_what, evidence, finding) => {
    expect(auditCash(evidence).join('\n')).toMatch(finding);
  });
});
