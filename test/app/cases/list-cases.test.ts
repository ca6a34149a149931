import { describe, expect, it } from 'vitest';
import { listCases } from '../../../src/app/cases/list-cases.ts';
import { sendCaseCommand } from '../../../src/app/cases/send-case-command.ts';
import { dispenseResult, openTemporaryNode, transaction, withdrawal } from '../temporary-node.ts';

describe('the list of cases', () => {
  it('has what waits longest first and the resolved last, and can be narrowed', { timeout: 60_000 }, async () => {
    const node = await openTemporaryNode();
    await node.append([transaction('A', 'salary', { amount: '900.00' })]);
    for (const [id, terminalId] of [
      ['w1', 'T-1'],
      ['w2', 'T-2'],
      ['w3', 'T-1'],
    ] as const) {
      await node.append([
        withdrawal(id, 'A', { terminalId, amount: '60.00' }),
        dispenseResult(id, 'RETRACTED', { terminalId }),
      ]);
      await node.drain();
    }
    for (const by of ['anna', 'boris']) {
      const command = { commandId: by, caseId: 'case:w1', action: 'resolve', decision: 'refund', by } as const;
      await sendCaseCommand(node, command, { clock: Date.now });
    }
    const ids = async (filter = {}) => (await listCases(node, filter)).map(({ caseId }) => caseId);
    expect(await ids()).toEqual(['case:w2', 'case:w3', 'case:w1']);
    expect(await ids({ terminalId: 'T-1' })).toEqual(['case:w3', 'case:w1']);
    expect(await ids({ status: 'resolved' })).toEqual(['case:w1']);
    expect(await ids({ status: 'assigned' })).toEqual([]);
  });
});
