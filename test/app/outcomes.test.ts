import { describe, expect, it } from 'vitest';
import { AppendedRanges } from '../../src/app/appended-ranges.ts';
import type { LocalNode } from '../../src/app/local-node.ts';
import { OutcomeCounter } from '../../src/app/outcomes.ts';
import { dispenseResult, incoming, openTemporaryNode, transaction, withdrawal } from './temporary-node.ts';

async function takeIn(node: LocalNode, appended: AppendedRanges, ...records: ReturnType<typeof transaction>[]) {
  appended.add(await node.append(records));
}

describe('outcomes', () => {
  it('of one intake are told from those of others around it', { timeout: 60_000 }, async () => {
    const node = await openTemporaryNode();
    await node.append([transaction('A', 'earlier')]);
    await node.drain();
    const counter = await OutcomeCounter.fromNow(node);
    const [ours, others] = [new AppendedRanges(), new AppendedRanges()];
    await takeIn(node, ours, transaction('A', 't1'), transaction('B', 't1'));
    await takeIn(node, others, transaction('A', 't2'), transaction('A', 'bad', { currency: 'EUX' }));
    await takeIn(node, ours, transaction('A', 'earlier'), transaction('B', 'low', { amount: '0.00' }));
    await takeIn(node, others, incoming('transactions', 'B', 'not JSON'), transaction('B', 't1'));
    await takeIn(node, ours, incoming('transactions', 'A', 'not JSON either'));
    await node.drain();
    expect(await counter.of(ours)).toEqual({
      accepted: 2,
      rejected: { AMOUNT_NOT_POSITIVE: 1, DUPLICATE: 1 },
      deadLetters: 1,
    });
    expect(await counter.of(others)).toEqual({
      accepted: 1,
      rejected: { CURRENCY_UNKNOWN: 1, DUPLICATE: 1 },
      deadLetters: 1,
    });
    const all = {
      accepted: 3,
      rejected: { AMOUNT_NOT_POSITIVE: 1, CURRENCY_UNKNOWN: 1, DUPLICATE: 2 },
      deadLetters: 2,
    };
    expect(await counter.all()).toEqual(all);
    expect(await counter.all(), 'asked again').toEqual(all);
  });

  it('are not what other systems asked the ledger for', { timeout: 60_000 }, async () => {
    const node = await openTemporaryNode();
    const counter = await OutcomeCounter.fromNow(node);
    const ours = new AppendedRanges();
    await takeIn(node, ours, transaction('A', 't1', { amount: '100.00' }), transaction('A', 't2'));
    await node.append([withdrawal('w', 'A'), dispenseResult('w', 'SUCCESS'), transaction('A', 't3')]);
    await node.drain();
    const accepted = (await node.watermarks('ledger.transactions')).reduce((sum, { end }) => sum + end, 0);
    expect(accepted).toBe(4);
    expect(await counter.of(ours)).toEqual({ accepted: 2, rejected: {}, deadLetters: 0 });
    expect(await counter.all()).toEqual({ accepted: 3, rejected: {}, deadLetters: 0 });
    await takeIn(node, ours, transaction('A', 't4'));
    await node.drain();
    expect(await counter.all()).toEqual({ accepted: 4, rejected: {}, deadLetters: 0 });
  });

  it('of one intake alone are all outcomes', { timeout: 60_000 }, async () => {
    const node = await openTemporaryNode();
    const [counter, ours] = [await OutcomeCounter.fromNow(node), new AppendedRanges()];
    await takeIn(node, ours, transaction('A', 't1'), transaction('A', 't1'));
    await node.drain();
    expect(await counter.of(ours)).toEqual({ accepted: 1, rejected: { DUPLICATE: 1 }, deadLetters: 0 });
  });
});
