import { describe, expect, it } from 'vitest';
import { recordKey } from '../../../src/app/input/record-key.ts';
import type { HeadraceNode } from '../../../src/app/node.ts';

const node: Pick<HeadraceNode, 'findCase'> = {
  findCase: async (caseId) =>
    caseId === 'case:w' ? ({ terminalId: 'T-9' } as Awaited<ReturnType<HeadraceNode['findCase']>>) : undefined,
};

describe('the key of a record that was given without one', () => {
  it.each([
    ['transactions', 'A'],
    ['accounts', 'A'],
    ['ledger.commands', 'A'],
    ['atm.withdrawals', 'W'],
    ['atm.dispense-results', 'W'],
    ['atm.settlements', 'W'],
    ['atm.dispense.failed', 'T'],
    ['reconciliation.commands', 'T-9'],
    ['postings', null],
  ])('of %s is %s', async (topic, key) => {
    const value = JSON.stringify({ accountId: 'A', withdrawalId: 'W', terminalId: 'T', caseId: 'case:w' });
    expect(await recordKey(node, topic, value)).toBe(key);
  });

  it.each([['not JSON'], ['null'], ['[]'], ['{}'], ['{"withdrawalId":7}'], [null]])(
    'is none where the value is %s',
    async (value) => expect(await recordKey(node, 'atm.withdrawals', value)).toBeNull(),
  );

  it('is refused for a case that nobody knows', async () => {
    await expect(recordKey(node, 'reconciliation.commands', '{"caseId":"case:x"}')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});
