import { expect, it } from 'vitest';
import { sinkTables } from '../../src/app/sink-tables.ts';
import { runCommand } from './cli/run-command.ts';
import { reconciled, seen, wrongs } from './reconcile/store/planted.ts';
import { openTemporaryNode, temporaryData, transaction } from './temporary-node.ts';

const TABLES = [
  ...new Set(sinkTables.map(({ table }) => table.replace('headrace.', ''))),
  'transactions_by_id_rows',
  'transactions_by_reference_rows',
];

it('the sink goes back, its rows come again, and readers see the same', { timeout: 60_000 }, async () => {
  const data = temporaryData();
  const first = await openTemporaryNode(data);
  await first.append(Array.from({ length: 40 }, (_, i) => transaction(`A-${i % 3}`, `t${i}`)));
  await first.drain();
  const before = await seen(first, TABLES);
  await first.close();

  const reset = (...args: readonly string[]) => runCommand('reset', 'clickhouse', ...args, '--data', data);
  const dry = await reset('--to-earliest');
  expect(dry).toMatchObject({ code: 0, err: '' });
  expect(dry.out).toMatch(/^clickhouse would be reset so .*\n/);
  expect(dry.out).toMatch(/Rows come again, .*: headrace\.transactions_rows, headrace\.postings_rows/);
  expect(dry.out).not.toContain('Stores');
  expect(await reset('--to-earliest', '--topic', 'lottery')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/clickhouse does not read lottery; it reads ledger\.transactions, /),
  });
  expect((await reset('--to-earliest', '--execute')).out).toMatch(/^clickhouse is reset/);

  const second = await openTemporaryNode(data);
  await second.drain();
  expect((await second.status()).sinkRows).toBe(200);
  expect(await seen(second, TABLES)).toEqual(before);
  expect(wrongs(await reconciled(second))).toEqual({});
  await expect(
    second.reset({ application: 'clickhouse', target: { kind: 'earliest' }, keepsState: false, executes: true }),
  ).rejects.toMatchObject({ code: 'COMMIT_REFUSED', message: expect.stringMatching(/^clickhouse is running/) });
  await second.close();

  // Skipped records are missing, and a repair brings them.
  await reset('--to-earliest', '--execute');
  const skipping = await reset('--to-latest');
  expect(skipping.out).toContain('Mind: Records are skipped: their rows are missing in ClickHouse until');
});
