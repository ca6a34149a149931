import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { readText, readRows } from '../../src/clickhouse/clickhouse.ts';
import { openStore } from '../../src/clickhouse/store.ts';
import { batchesOf, cutOf } from './record-batches.ts';
import { ledgerTransaction } from './ledger-records.ts';
const cols = { transaction_id: 'String', account_id: 'String', direction: 'LowCardinality(String)', amount_minor: 'Int64', exponent: 'UInt8', currency: 'LowCardinality(String)', occurred_at: "DateTime64(3, 'UTC')", kind: 'LowCardinality(String)', sequence: 'UInt64', balance_after_minor: 'Int64', source_topic:'String',source_partition:'UInt32',source_offset:'UInt64' };
const table = { topic: 'ledger.transactions', table: 'headrace.transactions_rows', columns: Object.entries(cols).map(([name, type]) => ({ name, type })),
  rows: (r: any) => [[r.value.transactionId, r.value.accountId, r.value.direction, 1000n, 2, r.value.currency, r.value.occurredAt, r.value.kind, r.value.sequence, 1000n, 'transactions', 0, r.offset]] };
test('x', async () => {
  const path = mkdtempSync(join(tmpdir(), 'hr-'));
  const store = await openStore({ at: { path }, migrationsDirectory: 'sql', clock: () => 1700000000000 });
  const target = store.target([table as any]);
  let seq = 0;
  for (const months of [1, 1, 1, 24, 24, 120]) {
    const recs = Array.from({ length: 20000 }, (_, i) => ledgerTransaction({ accountId: `acc-${i % 1000}`, transactionId: `t-${seq}`, sequence: ++seq, occurredAt: new Date(Date.UTC(2000, i % months, 5, 3, i % 60)).toISOString() }));
    const batches = batchesOf('ledger.transactions', 0, seq - 20000, recs);
    const cut = cutOf(seq / 20000, batches);
    for (let k = 0; k < 3; k++) {
      const t = performance.now();
      const r = await target.write(cut, batches);
      console.log('months', months, 'try', k, r.rows, r.deadLetters.length, (performance.now() - t).toFixed(1), 'ms', await readText(store.clickhouse, 'select (select count() from transactions_rows) a, (select count() from transactions) b, (select count() from transactions_by_id_rows) c', { format: 'TSV' }));
    }
  }
  for (const q of ["EXPLAIN indexes=1 SELECT * FROM transactions WHERE account_id = 'acc-7' ORDER BY sequence DESC LIMIT 10", "EXPLAIN indexes=1 SELECT * FROM transactions WHERE account_id = 'acc-7' AND occurred_at >= '2009-10-01'","EXPLAIN indexes=1 SELECT * FROM transactions_by_id WHERE transaction_id = 't-7'"]) console.log(await readText(store.clickhouse, q, { format: 'TSVRaw' }));
  for (const q of ["SELECT * FROM transactions WHERE account_id = 'acc-7' ORDER BY sequence DESC LIMIT 10", "SELECT * FROM (SELECT * FROM transactions_rows LIMIT 1 BY account_id, sequence) WHERE account_id = 'acc-7' ORDER BY sequence DESC LIMIT 10", 'SELECT currency, sum(amount), count() FROM transactions GROUP BY 1', 'SELECT currency, sum(amount_minor), count() FROM transactions_rows GROUP BY 1','SELECT currency, sum(amount_minor), count() FROM (select * from transactions_rows limit 1 by account_id,sequence) GROUP BY 1',"SELECT * FROM transactions_by_id WHERE transaction_id = 't-7'"]) {
    for (let k = 0; k < 3; k++) { const t = performance.now(); const x = await readText(store.clickhouse, q); console.log((performance.now() - t).toFixed(1), 'ms', q.slice(0, 90), x.slice(0, 60)); }
  }
  console.log(await readText(store.clickhouse, "EXPLAIN indexes=1 SELECT * FROM (SELECT * FROM transactions_rows LIMIT 1 BY account_id, sequence) WHERE account_id = 'acc-7'", { format: 'TSVRaw' }));
  await store.close();
  rmSync(path, { recursive: true });
}, 120000);
