import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTopology } from '../../../../src/app/user-topology/loaded-topology.ts';
import { openStore } from '../../../../src/clickhouse/store.ts';
import { incoming, openTemporaryNode, temporaryData, transaction } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

/** Statements in the ClickHouse of a data directory that nobody holds. */
async function plant(data: string, ...statements: readonly string[]): Promise<void> {
  const store = await openStore({
    at: { path: join(data, 'clickhouse') },
    migrationsDirectory: undefined,
    clock: Date.now,
  });
  for (const statement of statements) await store.clickhouse.command(statement);
  await store.close();
}

describe('headrace reconcile', { timeout: 60_000 }, () => {
  it('names rows, repairs them when asked to, and tells by its exit code', async () => {
    const data = temporaryData();
    const node = await openTemporaryNode(data);
    await node.append(Array.from({ length: 30 }, (_, i) => transaction(`A-${i % 30}`, `t${i}`)));
    await node.drain();
    await node.close();
    const reconcile = (...args: readonly string[]) => runCommand('reconcile', '--data', data, ...args);

    const sound = await reconcile();
    expect(sound).toMatchObject({ code: 0, err: '' });
    expect(sound.out).toMatch(
      /^Reconciled: log, state and ClickHouse agree .*\nRows: log and ClickHouse agree, row by row \(\d+ rows of 13 tables in \d+ ranges\)\.\n$/,
    );
    await plant(data, 'ALTER TABLE headrace.transactions_rows DELETE WHERE 1 SETTINGS mutations_sync = 2');
    const differs = await reconcile();
    expect(differs.code).toBe(1);
    expect(differs.out).toContain('\nRows: log and ClickHouse DIFFER (');
    expect(differs.out).toContain(
      'headrace.transactions_rows: 30 missing, 0 different, 0 extra, held against ledger.transactions\n',
    );
    expect(differs.out).toMatch(
      / {2}missing: account_id A-0, sequence 1 \(ledger\.transactions-\d offset \d+; source transactions-\d offset \d+; 2026-01-01; amount 1000 in the log\)\n/,
    );
    expect(differs.out.match(/ {2}missing: /g)).toHaveLength(20);
    expect(differs.out).toContain('  ... and 10 more; --all lists more\n');
    expect(differs.out).toContain('"headrace reconcile --repair" writes them again');
    expect((await reconcile('--all')).out.match(/ {2}missing: /g)).toHaveLength(30);
    expect((await reconcile('--no-rows')).out).not.toContain('Rows:');

    const json = JSON.parse((await reconcile('--json')).out);
    expect(json).toMatchObject({ agrees: false, differenceCount: expect.any(Number), store: { agrees: false } });
    const [table] = json.store.tables.filter((each: { agrees: boolean }) => !each.agrees);
    expect([table.missing, table.named.length]).toEqual([30, 20]);

    const repaired = await reconcile('--repair');
    expect(repaired.code).toBe(0);
    expect(repaired.out).toMatch(
      /^Reconciled: .*\nRepaired headrace\.transactions_rows: 30 missing, .*; 30 rows written again, 0 taken out\.\n/,
    );
    expect((await reconcile('--json')).code).toBe(0);

    await plant(data, 'TRUNCATE TABLE headrace.postings_rows');
    const filled = await reconcile('--fill', 'postings');
    expect(filled).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^headrace\.postings_rows is filled: 60 rows/),
    });
    expect(await reconcile()).toMatchObject({ code: 0 });
    expect(await reconcile('--fill', 'x', '--repair')).toMatchObject({ code: 2 });
    expect(await reconcile('--fill', 'x')).toMatchObject({ code: 2, err: expect.stringContaining('x is no table') });
  });

  it("compares the tables of a topology of one's own, and shows no card number", async () => {
    const file = fileURLToPath(new URL('../../../../examples/7-clickhouse/topology.ts', import.meta.url));
    const data = temporaryData();
    const node = await openTemporaryNode(data, { loaded: await loadTopology(file) });
    await node.append([
      incoming('payments', 'A', { cents: 5 }),
      incoming('payments', '4111 1111 1111 1111', { cents: 7 }),
      incoming('payments', 'A', { cents: 6 }),
    ]);
    await node.drain();
    await node.close();
    const reconcile = (...args: readonly string[]) =>
      runCommand('reconcile', '--data', data, '--topology', file, ...args);
    expect(await reconcile()).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Rows: log and ClickHouse agree, row by row \(2 rows of 1 tables/),
    });
    // Whoever stands at the newest version is put back to an older one.
    await plant(
      data,
      "INSERT INTO headrace.account_balances_rows VALUES ('A', 5, 0)",
      'ALTER TABLE headrace.account_balances_rows DELETE WHERE cents != 5 SETTINGS mutations_sync = 2',
      "INSERT INTO headrace.account_balances_rows VALUES ('5500 0055 5555 5559', 9, 9)",
    );
    const { code, out } = await reconcile();
    expect(code).toBe(1);
    expect(out).toContain('1 missing, 1 different, 1 extra');
    expect(out).toMatch(/ {2}different in cents,? ?version: account_id A \(balances-\d offset \d\)/);
    expect(out).toMatch(/missing: account_id \*{4} \*{4} \*{4} 1111 /);
    expect(out).not.toMatch(/4111|5500/);
    expect((await reconcile('--repair', '--json')).out).not.toMatch(/4111|5500/);
    expect(await reconcile()).toMatchObject({ code: 0 });
  });
});
