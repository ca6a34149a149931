import { describe, expect, it } from 'vitest';
import type { LocalNode } from '../../../../src/app/local-node.ts';
import { readJsonRows } from '../../../../src/app/query-rows.ts';
import { fillTable } from '../../../../src/app/reconcile/store/fill.ts';
import { openTemporaryNode, transaction } from '../../temporary-node.ts';
import { openBeside, reconciled, seen, wrongs } from './planted.ts';

const fill = (node: LocalNode, table: string) =>
  fillTable({ node, ask: (sql) => readJsonRows(node, sql), table, onProgress: () => {} });

const payments = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) =>
    transaction(`A-${(from + i) % 7}`, `t${from + i}`, { occurredAt: `2026-0${(i % 3) + 1}-02T00:00:00Z` }),
  );

describe('a table that is filled', { timeout: 60_000 }, () => {
  it('has every row once, while records come in and the sink goes on', async () => {
    const node = await openTemporaryNode();
    await node.append(payments(0, 3_000));
    await node.drain();
    const beside = await openBeside(node);
    for (const table of ['transactions_rows', 'transactions_by_id_rows', 'account_daily_summary_rows']) {
      await beside.command(`TRUNCATE TABLE headrace.${table}`);
    }
    let isDone = false;
    let produced = 3_000;
    const producing = (async () => {
      while (!isDone) {
        await node.append(payments(produced, 50));
        produced += 50;
      }
    })();
    const filled = await fill(node, 'transactions');
    await fill(node, 'headrace.account_daily_summary_rows');
    isDone = true;
    await producing;
    expect(filled.table).toBe('headrace.transactions_rows');
    expect(filled.rows).toBeGreaterThan(3_000);
    expect(produced).toBeGreaterThan(3_500);
    const report = await reconciled(node);
    expect(wrongs(report)).toEqual({});
    expect(report.tables.find(({ table }) => table === 'headrace.transactions_rows')?.rows).toBe(produced);
  });

  it('keeps the later of two rows with one key, where the later comes while it is filled', async () => {
    const node = await openTemporaryNode();
    await node.append(payments(0, 20));
    await node.drain();
    // The same sequence once more with another description, as a forged or replayed record has it.
    const partition = (await node.watermarks('ledger.transactions')).find(({ end }) => end > 0)!.partition;
    const [record] = await node.read('ledger.transactions', partition, 0);
    const value = (await node.formats.resolveValue('ledger.transactions', record!.value)) as Record<string, unknown>;
    const later = {
      topic: 'ledger.transactions',
      partition,
      timestamp: 1,
      key: record!.key,
      value: Buffer.from(JSON.stringify({ ...value, description: 'later' })),
    };
    let isSent = false;
    const slow = new Proxy(node, {
      get: (target, name) => {
        if (name !== 'rewrite') {
          const found = Reflect.get(target, name) as unknown;
          return typeof found === 'function' ? found.bind(target) : found;
        }
        return async (change: Parameters<LocalNode['rewrite']>[0]) => {
          if (!isSent) {
            isSent = true;
            await node.append([later]);
            await node.drain();
          }
          await node.rewrite(change);
        };
      },
    });
    await fill(slow, 'transactions_rows');
    expect(wrongs(await reconciled(node))).toEqual({});
    const { transactions_rows: rows } = await seen(node, ['transactions_rows']);
    expect((rows as { description: string }[]).filter(({ description }) => description === 'later')).toHaveLength(1);
  });

  it('may be one that a view fills, and a name that is none is refused', async () => {
    const node = await openTemporaryNode();
    await node.append(payments(0, 30));
    await node.drain();
    const beside = await openBeside(node);
    await beside.command('TRUNCATE TABLE headrace.transactions_by_id_rows');
    expect(await fill(node, 'transactions_by_id')).toEqual({ table: 'headrace.transactions_by_id_rows', rows: 30 });
    expect(wrongs(await reconciled(node))).toEqual({});
    await expect(fill(node, 'lottery')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/^lottery is no table .* headrace\.transactions_by_id_rows/),
    });
    await beside.command('DROP TABLE headrace.failed_dispenses_rows');
    await expect(fill(node, 'failed_dispenses')).rejects.toMatchObject({ code: 'CLICKHOUSE_FAILED' });
    expect((await reconciled(node)).tables.find(({ table }) => table.includes('failed'))).toMatchObject({
      agrees: false,
      reason: expect.stringMatching(/no such table/),
    });
  });
});
