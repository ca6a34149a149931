import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64Serde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { balances, paymentSerde, topology } from './topology.js';

test('keeps a balance for each account, and makes a row of each change', () => {
  const driver = new TopologyTestDriver(topology);
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const changes = driver.outputTopic('balances', { key: stringSerde, value: int64Serde });
  payments.pipe('A-1', { cents: 500 });
  payments.pipe('A-1', { cents: -120 });
  const records = changes.readAll();
  const rows = records.flatMap((record) => {
    const key = record.key === null ? null : stringSerde.serialize(record.key);
    return balances.rows({ ...record, topic: 'balances', key, bytes: null });
  });
  assert.deepEqual(rows, [
    [stringSerde.serialize('A-1'), 500n, 0],
    [stringSerde.serialize('A-1'), 380n, 1],
  ]);
});
