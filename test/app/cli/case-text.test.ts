import { describe, expect, it } from 'vitest';
import { caseTable, caseText } from '../../../src/app/cli/case-text.ts';
import type { ReconciliationCase } from '../../../topologies/reconciliation/events.ts';

const ESCAPE = '\u001b';
const each: ReconciliationCase = {
  caseId: 'case:w',
  withdrawalId: 'w',
  accountId: 'A',
  terminalId: 'T-1',
  kind: 'unknown-outcome',
  status: 'proposed',
  reason: 'no answer came in time',
  amount: '50.00',
  currency: 'EUR',
  taken: '0.00',
  openedAt: '2026-01-01T10:00:00.000Z',
  updatedAt: '2026-01-01T11:00:00.000Z',
  version: 2,
  proposal: { decision: 'refund', by: 'anna' },
  history: [
    {
      event: 'silence',
      state: 'UNKNOWN',
      at: '2026-01-01T10:00:00.000Z',
      topic: 'atm.timers',
      partition: 3,
      offset: 7,
    },
    {
      event: 'proposed refund',
      state: 'proposed',
      at: '2026-01-01T11:00:00.000Z',
      by: 'anna',
      note: 'journal shows none',
      topic: 'reconciliation.commands',
      partition: 1,
      offset: 0,
    },
  ],
};

describe('a case for people', () => {
  it('is shown with every event of its history and where it stands', () => {
    expect(caseText(each, false)).toBe(`case:w
  status       proposed
  kind         unknown-outcome (no answer came in time)
  withdrawal   w
  account      A
  terminal     T-1
  amount       50.00 EUR
  proven taken 0.00 EUR
  posted       nothing: the amount is held
  opened       2026-01-01T10:00:00.000Z
  proposed     refund by anna; another person must confirm

  history
  2026-01-01T10:00:00.000Z  silence -> UNKNOWN  atm.timers 3@7
  2026-01-01T11:00:00.000Z  proposed refund -> proposed by anna: journal shows none  reconciliation.commands 1@0
`);
  });

  it('says who resolved it, what was moved, and under which number', () => {
    const resolution = { decision: 'refund', persons: ['anna', 'boris'], moved: '50.00', serialNumber: '1-7' } as const;
    const { proposal: _proposal, ...rest } = each;
    const text = caseText({ ...rest, status: 'resolved', posted: '0.00', resolution }, false);
    expect(text).toContain('resolved     refund, 50.00 EUR moved, by anna and boris, serial number 1-7\n');
    expect(text).toContain('posted       0.00 EUR\n');
    expect(text).not.toContain('must confirm');
  });

  it('has colours only where they are wanted', () => {
    expect(caseText(each, true)).toContain(`${ESCAPE}[1mcase:w`);
    expect(caseTable([each], true)).toContain(ESCAPE);
    expect(caseText(each, false) + caseTable([each], false)).not.toContain(ESCAPE);
  });

  it('shows nothing that a terminal would obey', () => {
    const nasty = { ...each, reason: `${ESCAPE}[2Jgone\u202e`, terminalId: `T${ESCAPE}]0;x\u0007` };
    expect(caseText(nasty, false) + caseTable([nasty], false)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  });

  it('is a line of a table with a head', () => {
    expect(caseTable([each, { ...each, caseId: 'case:longer', assignee: 'carl' }], false)).toBe(
      [
        'CASE         STATUS    KIND             TERMINAL  AMOUNT     OPENED                    ASSIGNEE',
        'case:w       proposed  unknown-outcome  T-1       50.00 EUR  2026-01-01T10:00:00.000Z',
        'case:longer  proposed  unknown-outcome  T-1       50.00 EUR  2026-01-01T10:00:00.000Z  carl',
        '',
      ].join('\n'),
    );
  });
});
