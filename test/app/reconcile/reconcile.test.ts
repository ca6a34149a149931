import { describe, expect, it } from 'vitest';
import type { LocalNode } from '../../../src/app/local-node.ts';
import { reconcileAtRest } from '../../../src/app/reconcile/reconcile.ts';
import { incoming, openTemporaryNode, transaction } from '../temporary-node.ts';

/** A node whose books are right: two accounts, a refusal, a duplicate and a dead letter. */
async function settledNode(): Promise<LocalNode> {
  const node = await openTemporaryNode();
  await node.append([
    transaction('A', 't1', { amount: '100.25' }),
    transaction('A', 't2', { direction: 'debit', amount: '0.25' }),
    transaction('B', 't1', { currency: 'JPY', amount: '7' }),
    transaction('B', 't1', { currency: 'JPY', amount: '7' }),
    transaction('B', 'x', { currency: 'EUX' }),
    incoming('transactions', 'A', 'not JSON'),
  ]);
  return node;
}

async function acceptedOf(node: LocalNode, accountId: string): Promise<Record<string, unknown>> {
  for (const { partition } of await node.watermarks('ledger.transactions')) {
    for (const { key, value } of await node.read('ledger.transactions', partition, 0)) {
      if (Buffer.from(key!).toString() === accountId) return JSON.parse(Buffer.from(value!).toString());
    }
  }
  throw new RangeError(`nothing accepted for ${accountId}`);
}

describe('reconcile', () => {
  it('finds that all agrees, when it does', { timeout: 60_000 }, async () => {
    const report = await reconcileAtRest(await settledNode());
    expect(report).toMatchObject({
      agrees: true,
      differences: [],
      inputRecords: 6,
      accepted: 3,
      rejected: 2,
      deadLetters: 1,
    });
    expect(report.figures).toBeGreaterThan(8);
  });

  it('agrees while records keep coming in', { timeout: 60_000 }, async () => {
    const node = await settledNode();
    let isDone = false;
    let produced = 0;
    const producing = (async () => {
      while (!isDone) await node.append([transaction('A', `more-${produced++}`)]);
    })();
    for (let round = 0; round < 3; round++) expect((await reconcileAtRest(node)).differences).toEqual([]);
    isDone = true;
    await producing;
    expect(produced).toBeGreaterThan(3);
  });

  it('sees a transaction that was accepted twice', { timeout: 60_000 }, async () => {
    const node = await settledNode();
    await node.drain();
    await node.append([incoming('ledger.transactions', 'A', await acceptedOf(node, 'A'))]);
    const { agrees, differences } = await reconcileAtRest(node);
    expect(agrees).toBe(false);
    const figures = differences.map(({ figure }) => figure);
    expect(figures).toEqual(
      expect.arrayContaining(['sequence of A #1', 'balance A EUR', 'credits EUR', 'transactions', 'outcomes']),
    );
    expect(differences.find(({ figure }) => figure === 'balance A EUR')?.values).toEqual({
      log: '2002500',
      state: '1000000',
      clickhouse: '1000000',
    });
  });

  it('sees a transaction that ClickHouse and the log have, and the state has not', { timeout: 60_000 }, async () => {
    const node = await settledNode();
    await node.drain();
    const forged = { ...(await acceptedOf(node, 'B')), transactionId: 'forged', sequence: 2, balanceAfter: '14' };
    await node.append([incoming('ledger.transactions', 'B', forged)]);
    const { differences } = await reconcileAtRest(node);
    expect(differences).toContainEqual({ figure: 'sequence B', values: { log: '2', state: '1', clickhouse: '2' } });
    expect(differences.find(({ figure }) => figure === 'balance B JPY')?.values).toMatchObject({
      log: '140000',
      state: '70000',
    });
  });
});
