import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64Serde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { accountAndHour, paymentSerde, topology } from './topology.js';

test('sums up each account in each hour, by the time of the records', () => {
  const driver = new TopologyTestDriver(topology);
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const sums = driver.outputTopic('spent-per-hour', { key: accountAndHour, value: int64Serde });
  const nine = Date.parse('2026-03-02T09:00:00Z');
  payments.pipe('A-1', { cents: 100 }, { timestamp: nine });
  payments.pipe('A-1', { cents: 50 }, { timestamp: nine + 3_599_999 });
  payments.pipe('A-1', { cents: 7 }, { timestamp: nine + 3_600_000 });
  const hours = sums.readKeyValues().map(([key, sum]) => [key?.key, key?.window.start, sum]);
  assert.deepEqual(hours, [
    ['A-1', nine, 100n],
    ['A-1', nine, 150n],
    ['A-1', nine + 3_600_000, 7n],
  ]);
});
