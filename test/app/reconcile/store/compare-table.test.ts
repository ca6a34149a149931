import { expect, it } from 'vitest';
import { openTopicFormats } from '../../../../src/app/formats/open-topic-formats.ts';
import type { StoredRecord } from '../../../../src/app/node.ts';
import { reconcileStore, type StoreNode } from '../../../../src/app/reconcile/store/reconcile-store.ts';
import { rewrite } from '../../../../src/app/reconcile/store/rewrite.ts';
import { runQuery } from '../../../../src/clickhouse/query-format.ts';
import type { Store } from '../../../../src/clickhouse/store.ts';
import { ledgerSinkTables } from '../../../../topologies/account-ledger/sink-tables.ts';
import { ledgerTransaction } from '../../../clickhouse/ledger-records.ts';
import { batchesOf, cutOf } from '../../../clickhouse/record-batches.ts';
import { withStore } from '../../../clickhouse/temporary-store.ts';

/** Rows of the measurement; a million take some minutes. */
const ROWS = Number(process.env.HEADRACE_RECONCILE_ROWS ?? 20_000);
const ACCOUNTS = 500;
const MONTHS = 12;
const BATCH = 2_000;
const TOPIC = 'ledger.transactions';
const MIB = 1024 * 1024;
/** Of what stands in memory beyond the beginning: the arrays of a slice, and what the collector has not looked at. */
const MEMORY_MAX = 500 * MIB;

const tables = ledgerSinkTables.filter(({ topic }) => topic === TOPIC);

function recordsFrom(from: number, count: number) {
  return Array.from({ length: Math.min(count, ROWS - from) }, (_, i) => {
    const offset = from + i;
    return ledgerTransaction({
      accountId: `A-${offset % ACCOUNTS}`,
      transactionId: `t-${offset}`,
      reference: `r-${offset}`,
      sequence: Math.floor(offset / ACCOUNTS) + 1,
      occurredAt: new Date(Date.UTC(2025, (offset / ACCOUNTS) % MONTHS, 5)).toISOString(),
      source: { topic: 'transactions', partition: 0, offset },
    });
  });
}

/** A log that makes its records when it is read, and a ClickHouse that is real. */
async function nodeOver({ clickhouse }: Store): Promise<StoreNode> {
  return {
    sink: { name: 'clickhouse', tables },
    formats: await openTopicFormats({ format: 'json', clock: Date.now }),
    topics: async () => [{ name: TOPIC, partitions: 1, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 }],
    watermarks: async () => [{ topic: TOPIC, partition: 0, start: 0, end: ROWS }],
    read: async (_topic, _partition, from) =>
      recordsFrom(from, BATCH).map(
        ({ value }, i): StoredRecord => ({
          offset: from + i,
          timestamp: 1,
          key: Buffer.from('a'),
          value: Buffer.from(JSON.stringify(value)),
          headers: [],
        }),
      ),
    query: (sql, output, isTerminal) => runQuery(clickhouse, sql, { output, isTerminal }),
    rewrite: (change) => rewrite(clickhouse, tables, change),
  };
}

it(`compares and repairs ${ROWS} rows in bounded memory`, { timeout: 1_200_000 }, async () => {
  await withStore(async (store) => {
    const { clickhouse } = store;
    const target = store.target(tables);
    for (let from = 0, cut = 1; from < ROWS; from += 20_000, cut++) {
      const batches = batchesOf(TOPIC, 0, from, recordsFrom(from, 20_000));
      await target.write(cutOf(cut, batches), batches);
    }
    const node = await nodeOver(store);
    const memory = () => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = memory();
    let peak = 0;
    const onProgress = () => {
      peak = Math.max(peak, memory() - before);
    };
    const timed = async (repairs: boolean) => {
      const startedAt = Date.now();
      return { report: await reconcileStore(node, { onProgress, repairs }), ms: Date.now() - startedAt };
    };
    const sound = await timed(false);
    // The table, and what its views fill.
    expect(sound.report.tables.map(({ table, rows, agrees }) => [table, rows, agrees])).toEqual(
      ['transactions_rows', 'transactions_by_id_rows', 'transactions_by_reference_rows'].map((table) => [
        `headrace.${table}`,
        ROWS,
        true,
      ]),
    );
    await clickhouse.command(
      "ALTER TABLE headrace.transactions_rows DELETE WHERE account_id = 'A-7' SETTINGS mutations_sync = 2",
    );
    await clickhouse.command(
      "INSERT INTO headrace.transactions_rows SELECT * REPLACE(amount_minor + 1 AS amount_minor) FROM headrace.transactions_rows FINAL WHERE account_id = 'A-8' AND sequence = 3",
    );
    const repaired = await timed(true);
    const [found] = repaired.report.repaired;
    expect(found).toMatchObject({ written: ROWS / ACCOUNTS + 1, removed: 0 });
    expect(found!.found).toMatchObject({ missing: ROWS / ACCOUNTS, different: 1, extra: 0 });
    expect(repaired.report).toMatchObject({ agrees: true, repaired: [found] });
    expect(peak).toBeLessThan(MEMORY_MAX);
    if (process.env.HEADRACE_RECONCILE_ROWS !== undefined) {
      process.stderr.write(
        `${ROWS} rows: compared in ${sound.ms} ms, compared, repaired and compared again in ${repaired.ms} ms, ${Math.round(peak / MIB)} MiB\n`,
      );
    }
  });
});
