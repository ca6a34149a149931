import { beforeEach, describe, expect, it } from 'vitest';
import type { LocalNode } from '../../../../src/app/local-node.ts';
import { reconcileStore, type StoreReport } from '../../../../src/app/reconcile/store/reconcile-store.ts';
import { sinkTables } from '../../../../src/app/sink-tables.ts';
import type { ClickHouse } from '../../../../src/clickhouse/clickhouse.ts';
import { dispenseResult, incoming, openTemporaryNode, transaction, withdrawal } from '../../temporary-node.ts';
import { changed, openBeside, reconciled, seen, wrongs } from './planted.ts';

const TABLES = [
  ...new Set(sinkTables.map(({ table }) => table.replace('headrace.', ''))),
  'transactions_by_id_rows',
  'transactions_by_reference_rows',
];

let node: LocalNode;
let beside: ClickHouse;

/** Two accounts over four months, a refusal, a dead letter, withdrawals and a case: every table has rows. */
beforeEach(async () => {
  node = await openTemporaryNode();
  await node.append([
    ...Array.from({ length: 12 }, (_, i) =>
      transaction(i % 3 === 0 ? 'B' : 'A', `t${i}`, {
        amount: `${i + 1}.00`,
        occurredAt: `2026-0${(i % 4) + 1}-05T0${i % 10}:00:00Z`,
      }),
    ),
    transaction('B', 'x', { currency: 'EUX' }),
    incoming('transactions', 'A', 'not JSON'),
    withdrawal('w1', 'A'),
    dispenseResult('w1', 'RETRACTED'),
    incoming('atm.dispense-results', 'w9', 'nor this'),
  ]);
  await node.drain();
  beside = await openBeside(node);
}, 60_000);

const select = (table: string, where: string, replace: string) =>
  `INSERT INTO headrace.${table} SELECT * REPLACE(${replace}) FROM headrace.${table} FINAL WHERE ${where} SETTINGS do_not_merge_across_partitions_select_final = 1`;
const remove = (table: string, where: string) =>
  `ALTER TABLE headrace.${table} DELETE WHERE ${where} SETTINGS mutations_sync = 2`;

async function plant(...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await beside.command(statement);
}

const table = ({ tables }: StoreReport, name: string) => tables.find((each) => each.table === `headrace.${name}`)!;

describe('rows of log and ClickHouse', { timeout: 60_000 }, () => {
  it('agree where nothing is wrong, in every table and with slices that hold two keys', async () => {
    const report = await reconciled(node);
    expect(wrongs(report)).toEqual({});
    expect(report).toMatchObject({ agrees: true, repaired: [] });
    expect(report.tables.map((each) => each.table.replace('headrace.', '')).sort()).toEqual([...TABLES].sort());
    expect(table(report, 'transactions_rows')).toMatchObject({ rows: 12, against: ['ledger.transactions'] });
    expect(table(report, 'dead_letters_rows').rows).toBe(2);
    expect((await reconciled(node, { sliceKeysMax: 2 })).tables).toEqual(report.tables);
  });

  it('differ in each planted way, are named exactly, and are repaired, nothing else being touched', async () => {
    const before = await seen(node, TABLES);
    await plant(
      // A sequence is in one month, so that the greatest of each month is another.
      remove('transactions_rows', "account_id = 'A' AND sequence = 2"),
      select('transactions_rows', "account_id = 'A' AND sequence = 3", 'amount_minor + 1 AS amount_minor'),
      select('transactions_rows', "transaction_id = 't0'", "'GHOST' AS account_id"),
      select('transactions_rows', "account_id = 'B' AND sequence = 2", 'addMonths(occurred_at, 7) AS occurred_at'),
      remove('transactions_by_id_rows', "account_id = 'A' AND sequence = 1"),
      // The newest version is gone, an older one is left.
      `INSERT INTO headrace.account_daily_summary_rows SELECT * REPLACE(toUInt64(0) AS version, credits_minor - 1 AS credits_minor) FROM headrace.account_daily_summary_rows FINAL WHERE account_id = 'A'`,
      remove('account_daily_summary_rows', "account_id = 'A' AND version > 0"),
      select('balances_rows', "account_id = 'B'", 'version + 9 AS version, booked_minor * 2 AS booked_minor'),
      remove('dead_letters_rows', "source_topic = 'transactions'"),
      select('reconciliation_cases_rows', '1', "'resolved' AS status"),
    );
    const report = await reconciled(node);
    expect(report.agrees).toBe(false);
    const days = [...((await seen(node, ['account_daily_summary_rows'])).account_daily_summary_rows as object[])];
    expect(wrongs(report)).toMatchObject({
      transactions_rows: ['different A 3 in amount_minor', 'extra B 2', 'extra GHOST 1', 'missing A 2'],
      transactions_by_id_rows: expect.arrayContaining(['extra t2 A 2', 'missing t1 A 1']),
      balances_rows: ['different B EUR in booked_minor,version'],
      dead_letters_rows: [expect.stringMatching(/^missing transactions \d \d+$/)],
      reconciliation_cases_rows: [expect.stringMatching(/^different .* in status$/)],
    });
    expect(table(report, 'transactions_by_id_rows').against).toEqual([
      'headrace.transactions_rows, which differs itself',
    ]);
    const summary = table(report, 'account_daily_summary_rows');
    expect(days.length).toBeGreaterThan(4);
    expect(
      summary.named.every(
        ({ kind, key, columns }) =>
          kind === 'different' && key.account_id === 'A' && columns?.join() === 'credits_minor,version',
      ),
    ).toBe(true);
    expect(summary.different).toBeGreaterThan(3);
    expect(wrongs(report)).not.toHaveProperty('postings_rows');

    const repair = await reconciled(node, { repairs: true });
    expect(wrongs(repair)).toEqual({});
    expect(repair.agrees).toBe(true);
    expect(repair.repaired.map(({ found }) => found.table.replace('headrace.', '')).sort()).toEqual(
      Object.keys(wrongs(report)).sort(),
    );
    expect(await seen(node, TABLES)).toEqual(before);
    expect(await reconciled(node, { repairs: true })).toMatchObject({ agrees: true, repaired: [] });
    for (const each of TABLES) await plant(`OPTIMIZE TABLE headrace.${each} FINAL`);
    expect(await seen(node, TABLES)).toEqual(before);
  });

  it('are told of with range, account and day, counts, sums and hashes, and no more names than asked for', async () => {
    await plant(
      remove('transactions_rows', "account_id = 'A' AND sequence = 2"),
      select('transactions_rows', "account_id = 'A' AND sequence = 1", 'amount_minor + 5 AS amount_minor'),
    );
    const found = table(await reconciled(node), 'transactions_rows');
    expect(found).toMatchObject({ missing: 1, different: 1, extra: 0, agrees: false });
    expect(found.differing).toHaveLength(1);
    const [range] = found.differing;
    expect(range!.range).toMatch(/^transactions-\d offsets 0 to 1023$/);
    expect(range!.log.rows - range!.clickhouse.rows).toBe(1);
    // t1 of 2.00 has 5 more, t2 of 3.00 is missing.
    expect(BigInt(range!.log.amount) - BigInt(range!.clickhouse.amount)).toBe(295n);
    expect(range!.log.hash).not.toBe(range!.clickhouse.hash);
    expect(found.days).toEqual([
      { account: 'A', day: '2026-02-05', missing: 0, different: 1, extra: 0, log: '200', clickhouse: '205' },
      { account: 'A', day: '2026-03-05', missing: 1, different: 0, extra: 0, log: '300', clickhouse: '0' },
    ]);
    expect(found.named.find(({ kind }) => kind === 'missing')).toMatchObject({
      key: { account_id: 'A', sequence: '2' },
      record: expect.stringMatching(/^ledger\.transactions-\d offset \d+$/),
      source: expect.stringMatching(/^transactions-\d offset \d+$/),
      day: '2026-03-05',
      amount: { log: '300' },
    });
    expect(table(await reconciled(node, { namedMax: 1 }), 'transactions_rows')).toMatchObject({
      missing: 1,
      different: 1,
      named: [expect.anything()],
    });
  });

  it('are not written to without being asked, and a repair that broke off is finished by the next', async () => {
    const before = await seen(node, TABLES);
    await plant(
      remove('transactions_rows', '1'),
      remove('transactions_by_id_rows', '1'),
      select('postings_rows', 'leg = 0', "'nobody' AS ledger_account"),
      select('postings_rows', 'leg = 1', "'GHOST' AS account_id"),
    );
    const damaged = await seen(node, TABLES);
    expect((await reconciled(node)).agrees).toBe(false);
    expect(await seen(node, TABLES)).toEqual(damaged);
    // Every write from the second on is as if the process had died.
    let writes = 0;
    const dying = changed(node, {
      rewrite: async (change) => {
        if (++writes > 1) throw new RangeError('died');
        await node.rewrite(change);
      },
    });
    await expect(reconcileStore(dying, { repairs: true })).rejects.toThrow('died');
    expect((await reconciled(node)).agrees).toBe(false);
    expect((await reconciled(node, { repairs: true })).agrees).toBe(true);
    expect(await seen(node, TABLES)).toEqual(before);
  });

  it('are not called extra where the log no longer has what they were made of', async () => {
    // As retention leaves it: the first records of a partition are gone.
    const cut = changed(node, {
      watermarks: async (topic) =>
        (await node.watermarks(topic)).map((marks) =>
          topic === 'ledger.transactions' || topic.endsWith('.dlq')
            ? { ...marks, start: Math.min(marks.end, 2) }
            : marks,
        ),
    });
    const report = await reconcileStore(cut);
    expect(wrongs(report)).toEqual({});
    const transactions = table(report, 'transactions_rows');
    expect(transactions).toMatchObject({ agrees: true, extra: 0, differing: [] });
    expect(transactions.unjudged).toBeGreaterThan(1);
    expect(transactions.rows + transactions.unjudged).toBe(12);
    expect(transactions.heldFrom).toContain('ledger.transactions-0 from offset 2 on');
    // A dead letter says itself where it stood; one that never did is extra all the same.
    await plant(
      select(
        'dead_letters_rows',
        "source_topic = 'transactions'",
        'toUInt64(77) AS dead_letter_offset, toUInt64(99) AS source_offset',
      ),
      remove('transactions_rows', "account_id = 'A' AND sequence = 8"),
    );
    const again = await reconcileStore(cut, { repairs: true });
    expect(again.repaired.map(({ found }) => [found.table, found.missing, found.extra])).toEqual([
      ['headrace.transactions_rows', 1, 0],
      ['headrace.dead_letters_rows', 0, 1],
    ]);
    expect(again.agrees).toBe(true);
    expect((await reconciled(node)).agrees).toBe(true);
  });
});
