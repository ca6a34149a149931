import { expect, it } from 'vitest';
import { serveControl } from '../../../src/app/http/control-server.ts';
import { readJsonRows } from '../../../src/app/query-rows.ts';
import { fillTable } from '../../../src/app/reconcile/store/fill.ts';
import { reconcileStore } from '../../../src/app/reconcile/store/reconcile-store.ts';
import { RemoteNode } from '../../../src/app/remote-node.ts';
import { openBeside, seen } from '../reconcile/store/planted.ts';
import { openTemporaryNode, transaction } from '../temporary-node.ts';

it('another process compares, repairs and fills through the owner', { timeout: 60_000 }, async () => {
  const node = await openTemporaryNode();
  await node.append(Array.from({ length: 30 }, (_, i) => transaction(`A-${i % 3}`, `t${i}`)));
  await node.drain();
  const before = await seen(node, ['transactions_rows', 'transactions_by_id_rows', 'balances_rows']);
  const beside = await openBeside(node);
  const server = await serveControl(node, 0);
  const remote = new RemoteNode(server.address, server.token, node.formats);
  expect(await reconcileStore(remote)).toMatchObject({ agrees: true });
  await beside.command(
    "ALTER TABLE headrace.transactions_rows DELETE WHERE account_id = 'A-1' SETTINGS mutations_sync = 2",
  );
  await beside.command(
    "INSERT INTO headrace.transactions_by_id_rows SELECT * REPLACE('ghost' AS transaction_id) FROM headrace.transactions_by_id_rows LIMIT 1",
  );
  await beside.command('TRUNCATE TABLE headrace.balances_rows');
  const ask = <T>(sql: string) => readJsonRows<T>(remote, sql);
  await fillTable({ node: remote, ask, table: 'balances', onProgress: () => {} });
  const report = await reconcileStore(remote, { repairs: true });
  expect(report.agrees).toBe(true);
  expect(report.repaired.map(({ found, written, removed }) => [found.table, written, removed])).toEqual([
    ['headrace.transactions_rows', 10, 0],
    ['headrace.transactions_by_id_rows', 0, 1],
  ]);
  expect(await seen(node, ['transactions_rows', 'transactions_by_id_rows', 'balances_rows'])).toEqual(before);
  for (const table of [
    'headrace.schema_migrations',
    'system.tables',
    'headrace.x; DROP TABLE headrace.balances_rows',
  ]) {
    const unknown = { code: 'USAGE', message: expect.stringContaining(table) };
    await expect(remote.rewrite({ kind: 'remove', table, ids: [1n] })).rejects.toMatchObject(unknown);
    await expect(remote.rewrite({ kind: 'insert', table, bytes: Buffer.from('x') })).rejects.toMatchObject(unknown);
    await expect(remote.rewrite({ kind: 'copyMonth', table, month: undefined })).rejects.toMatchObject(unknown);
  }
  const answer = await fetch(`${server.address}/control/rewrites`, { method: 'POST', body: '{}' });
  expect(answer.status).toBe(401);
  await server.close();
});
