import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Dossier } from '../../../topologies/reconciliation/dossier.ts';
import { COMMAND_RULES, EVIDENCE_RULES, moveOf } from '../../../topologies/reconciliation/rules.ts';

const README = readFileSync(new URL('../../../topologies/reconciliation/README.md', import.meta.url), 'utf8');

describe('the rules of reconciliation', () => {
  it('are those that the README lists', () => {
    const drawn = [...README.matchAll(/^\| `(\w+)` +\| `(\w+)` +\| (\S[^|]*?) *\|$/gm)].map((row) => row.slice(1));
    const rules = EVIDENCE_RULES.map(({ outcome, standing, action }) => [
      outcome,
      standing,
      action.do === 'open' ? `open a case: ${action.kind}` : action.do,
    ]);
    expect(drawn).toEqual(rules);
    const commands = [...README.matchAll(/^\| `([A-Z_]+)` +\| ([^|`]*?) *\|$/gm)].map((row) => row.slice(1));
    expect(commands).toEqual(COMMAND_RULES.map(({ code, meaning }) => [code, meaning]));
  });

  it('have one row for an outcome and a standing', () => {
    const names = EVIDENCE_RULES.map(({ outcome, standing }) => `${outcome} ${standing}`);
    expect(new Set(names).size).toBe(7 * 4);
  });
});

const held: Dossier = {
  withdrawalId: 'w',
  accountId: 'A',
  terminalId: 'T',
  amount: '60.00',
  currency: 'EUR',
  lastNumber: 1,
  proven: '0.00',
  askedCount: 0,
  attempts: 0,
  waiting: [],
  history: [],
};

describe('what a decision moves', () => {
  it.each([
    ['refund', held, 'unknown-outcome', { what: 'settle', taken: 0n, moved: 6000n }],
    ['refund', { ...held, proven: '20.00' }, 'retracted', { what: 'settle', taken: 2000n, moved: 4000n }],
    ['refund', { ...held, taken: '60.00' }, 'contradiction', { what: 'post', taken: 0n, moved: 6000n }],
    ['refund', { ...held, taken: '60.00', proven: '20.00' }, 'contradiction', { taken: 2000n, moved: 4000n }],
    ['refund', { ...held, taken: '60.00', proven: '60.00' }, 'contradiction', { code: 'DECISION_MOVES_NOTHING' }],
    ['refund', { ...held, taken: '0.00' }, 'contradiction', { code: 'DECISION_MOVES_NOTHING' }],
    ['re-debit', held, 'unknown-outcome', { what: 'settle', taken: 6000n, moved: -6000n }],
    ['re-debit', { ...held, proven: '20.00' }, 'retracted', { what: 'settle', taken: 2000n, moved: -2000n }],
    [
      're-debit',
      { ...held, taken: '0.00', proven: '60.00' },
      're-debit',
      { what: 'post', taken: 6000n, moved: -6000n },
    ],
    [
      're-debit',
      { ...held, taken: '20.00', proven: '30.00' },
      're-debit',
      { what: 'post', taken: 3000n, moved: -1000n },
    ],
    ['re-debit', { ...held, taken: '60.00' }, 'contradiction', { code: 'DECISION_MOVES_NOTHING' }],
    ['re-debit', { ...held, taken: '20.00', proven: '20.00' }, 'contradiction', { code: 'DECISION_MOVES_NOTHING' }],
    ['dismiss', held, 'unknown-outcome', { code: 'HOLD_OPEN' }],
    ['dismiss', { ...held, taken: '20.00' }, 'contradiction', { taken: 2000n, moved: 0n }],
    ['dismiss', { ...held, accountId: '' }, 'orphan', { moved: 0n }],
    ['refund', { ...held, accountId: '' }, 'orphan', { code: 'ACCOUNT_UNKNOWN' }],
  ] as const)('%s', (decision, dossier, kind, move) => {
    expect(moveOf(decision, dossier, kind, undefined)).toMatchObject(move);
  });
});

describe('what persons say was taken', () => {
  const proven = { ...held, taken: '60.00', proven: '60.00' };
  it.each([
    ['refund', proven, '0.00', { what: 'post', taken: 0n, moved: 6000n }],
    ['refund', proven, '20', { what: 'post', taken: 2000n, moved: 4000n }],
    [
      're-debit',
      { ...proven, taken: '20.00', proven: '20.00' },
      '60.00',
      { what: 'post', taken: 6000n, moved: -4000n },
    ],
    ['re-debit', held, '10.00', { what: 'settle', taken: 1000n, moved: -1000n }],
    ['refund', proven, '60.01', { code: 'TAKEN_INVALID' }],
    ['refund', proven, '-1.00', { code: 'TAKEN_INVALID' }],
    ['refund', proven, '1.001', { code: 'TAKEN_INVALID' }],
    ['refund', proven, '60.00', { code: 'DECISION_MOVES_NOTHING' }],
  ] as const)('goes against the proof: %s', (decision, dossier, said, move) => {
    expect(moveOf(decision, dossier, 'contradiction', said)).toMatchObject(move);
  });
});
