import { test } from 'vitest';
import { isUtf8 } from 'node:buffer';
import { RowBinaryEncoder } from '../../src/clickhouse/row-binary/encoder.ts';
import { batchesOf } from './record-batches.ts';
import { ledgerTransaction } from './ledger-records.ts';
import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
test('x', () => {
  const recs = Array.from({ length: 20000 }, (_, i) => ledgerTransaction({ accountId: `acc-${i % 1000}`, transactionId: `t-${i}`, sequence: i+1 }));
  const batches = batchesOf('ledger.transactions', 0, 0, recs);
  const dec = new TextDecoder('utf-8', { fatal: true });
  for (let k = 0; k < 4; k++) {
    let t = performance.now(); const lap = (n: string) => { console.log(n, (performance.now() - t).toFixed(1)); t = performance.now(); };
    const vals: any[] = [];
    for (const b of batches) for (let i = 0; i < b.length; i++) vals.push(b.valueAt(i));
    lap('valueAt');
    const texts = vals.map((v) => dec.decode(v)); lap('decode');
    const texts2 = vals.map((v) => { if (!isUtf8(v)) throw v; return Buffer.from(v.buffer, v.byteOffset, v.length).toString(); }); lap('isUtf8+toString');
    const objs = texts.map((v) => JSON.parse(v)); lap('parse');
    const t2 = ledgerSinkTables[0]!;
    const rows = objs.map((value, i) => t2.rows({ topic: '', partition: 0, offset: i, timestamp: 1, key: null, bytes: vals[i], value, headers: [] })[0]!); lap('rows');
    const e = new RowBinaryEncoder(t2.columns); for (const r of rows) e.append(r); lap('encode'); 
  }
});
