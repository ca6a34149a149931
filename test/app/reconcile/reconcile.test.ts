import { describe, expect, it } from 'vitest';
import type { LocalNode } from '../../../src/app/local-node.ts';
import { type StoredRecord, valueIn } from '../../../src/app/node.ts';
import { reconcileAtRest } from '../../../src/app/reconcile/reconcile.ts';
import { dispenseResult, incoming, openTemporaryNode, transaction, withdrawal } from '../temporary-node.ts';

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
    for (const record of await node.read('ledger.transactions', partition, 0)) {
      if (Buffer.from(record.key!).toString() === accountId) return valueIn(node, 'ledger.transactions', record);
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

  it('agrees with withdrawals under way, held money and open cases', { timeout: 60_000 }, async () => {
    const node = await openTemporaryNode();
    await node.append([
      transaction('A', 't1', { amount: '500.00' }),
      withdrawal('taken', 'A'),
      dispenseResult('taken', 'SUCCESS'),
      withdrawal('waits', 'A'),
      withdrawal('failed', 'A'),
      dispenseResult('failed', 'FAIL'),
      withdrawal('retracted', 'A'),
      dispenseResult('retracted', 'RETRACTED'),
      // Of this account only a hold is known: it may be overdrawn.
      incoming('accounts', 'B', { accountId: 'B', status: 'open', overdraftLimits: { EUR: '100.00' } }),
    ]);
    await node.drain();
    await node.append([withdrawal('overdrawn', 'B')]);
    expect(await reconcileAtRest(node)).toMatchObject({
      agrees: true,
      differences: [],
      inputRecords: 1,
      accepted: 1,
      rejected: 0,
      deadLetters: 0,
    });
  });

  it('sees held money, withdrawals and cases that ClickHouse has otherwise', { timeout: 60_000 }, async () => {
    const node = await openTemporaryNode();
    await node.append([
      transaction('A', 't1', { amount: '500.00' }),
      withdrawal('w', 'A'),
      dispenseResult('w', 'RETRACTED'),
    ]);
    await node.drain();
    // ClickHouse keeps the row of the greatest version, the log's last record has another.
    const last = await lastOf(node, 'atm.withdrawal-states');
    const balance = await lastOf(node, 'balances');
    const forged = [{ ...(balance.balances as object[])[0], held: '51.00' }];
    await node.append([
      incoming('atm.withdrawal-states', 'w', { ...last, version: 0, state: 'REVERSED' }),
      incoming('balances', 'A', { ...balance, version: 99, balances: forged }),
      incoming('reconciliation.cases', 'case:w', {
        ...(await lastOf(node, 'reconciliation.cases')),
        version: 0,
        status: 'resolved',
      }),
    ]);
    const { differences } = await reconcileAtRest(node);
    expect(differences).toEqual([
      { figure: 'cases open', values: { log: 'none', clickhouse: '1' } },
      { figure: 'cases resolved', values: { log: '1', clickhouse: 'none' } },
      { figure: 'held A EUR', values: { state: '500000', clickhouse: '510000' } },
      { figure: 'withdrawals REVERSED', values: { log: '1', clickhouse: 'none' } },
      { figure: 'withdrawals SUSPECT', values: { log: 'none', clickhouse: '1' } },
    ]);
  });
});

async function lastOf(node: LocalNode, topic: string): Promise<Record<string, unknown>> {
  let last: StoredRecord | undefined;
  for (const { partition } of await node.watermarks(topic))
    last = (await node.read(topic, partition, 0)).at(-1) ?? last;
  return valueIn(node, topic, last!);
}
