import { describe, expect, it, vi } from 'vitest';
import { sendCaseCommand } from '../../../src/app/cases/send-case-command.ts';
import type { LocalNode } from '../../../src/app/local-node.ts';
import type { CaseCommand } from '../../../topologies/reconciliation/events.ts';
import { dispenseResult, openTemporaryNode, temporaryData, transaction, withdrawal } from '../temporary-node.ts';

const LIMIT = { timeout: 60_000 };
const clock = Date.now;

/** A node with a case on withdrawal `w` of account A: the notes were taken back, and nobody has counted them. */
async function nodeWithCase(): Promise<LocalNode> {
  const node = await openTemporaryNode();
  await node.append([
    transaction('A', 'salary', { amount: '200.00' }),
    withdrawal('w', 'A'),
    dispenseResult('w', 'RETRACTED'),
  ]);
  await node.drain();
  return node;
}

let number = 0;
const command = (change: Partial<CaseCommand>): CaseCommand => ({
  commandId: `command-${number++}`,
  caseId: 'case:w',
  action: 'resolve',
  by: 'anna',
  ...change,
});

describe('a command about a case', () => {
  it('is told by the case it changes; what moves money is done by the second person', LIMIT, async () => {
    const node = await nodeWithCase();
    const send = (change: Partial<CaseCommand>) => sendCaseCommand(node, command(change), { clock });
    expect(await send({ action: 'assign', to: 'carl' })).toMatchObject({
      case: { assignee: 'carl', status: 'assigned' },
    });
    expect(await send({ decision: 'refund', note: 'counted' })).toMatchObject({
      case: { status: 'proposed', proposal: { decision: 'refund', by: 'anna', note: 'counted' } },
    });
    expect(await send({ decision: 'refund' })).toMatchObject({ refusal: { code: 'SAME_PERSON' } });
    expect(await send({ decision: 'refund', by: 'boris' })).toMatchObject({
      case: { status: 'resolved', resolution: { decision: 'refund', persons: ['anna', 'boris'], moved: '50.00' } },
    });
    expect(await send({ decision: 'refund', by: 'carl' })).toMatchObject({ refusal: { code: 'CASE_RESOLVED' } });
    const accounts = (await Promise.all([0, 1].map((partition) => node.accounts(partition)))).flat();
    expect(accounts).toEqual([{ accountId: 'A', sequence: 1, booked: { EUR: '200.00' }, held: { EUR: '0.00' } }]);
  });

  it('that comes again is done once and told the same', LIMIT, async () => {
    const node = await nodeWithCase();
    const again = command({ decision: 'refund' });
    const first = await sendCaseCommand(node, again, { clock });
    expect(await sendCaseCommand(node, again, { clock })).toEqual(first);
  });

  it('with a card number, or about a case that is not there, is not sent', LIMIT, async () => {
    const node = await nodeWithCase();
    const sent = async () => (await node.watermarks('reconciliation.commands')).reduce((sum, { end }) => sum + end, 0);
    for (const field of ['note', 'by', 'to'] as const) {
      const secret = command({ decision: 'refund', [field]: 'card 4111 1111 1111 1111' });
      await expect(sendCaseCommand(node, secret, { clock })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(new RegExp(`^${field} holds what looks like a card number`)),
      });
    }
    await expect(sendCaseCommand(node, command({ caseId: 'case:x' }), { clock })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('no case case:x'),
    });
    expect(await sent()).toBe(0);
  });

  it('that nobody processes is given up with its place, and is there for the next start', LIMIT, async () => {
    const data = temporaryData();
    const first = await openTemporaryNode(data);
    await first.append([
      transaction('A', 't', { amount: '200.00' }),
      withdrawal('w', 'A'),
      dispenseResult('w', 'RETRACTED'),
    ]);
    await first.drain();
    await first.close();
    // Its engine starts with the first drain, and nobody asks for one.
    const second = await openTemporaryNode(data);
    const proposal = command({ decision: 'refund' });
    await expect(sendCaseCommand(second, proposal, { clock, waitMaxMs: 300 })).rejects.toMatchObject({
      code: 'NOT_RUNNING',
      retriable: true,
      message: expect.stringMatching(/stands at reconciliation\.commands \d@0/),
    });
    await second.drain();
    await vi.waitFor(async () => expect((await second.findCase('case:w'))?.status).toBe('proposed'));
  });
});
