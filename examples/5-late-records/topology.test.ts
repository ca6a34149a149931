import assert from 'node:assert/strict';
import { test } from 'node:test';
import { int64Serde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { accountAndHour, paymentSerde, topology } from './topology.js';

test('an hour is told once, when it has closed; what comes after that goes aside', () => {
  const driver = new TopologyTestDriver(topology);
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const statements = driver.outputTopic('hourly-statements', { key: accountAndHour, value: int64Serde });
  const late = driver.outputTopic('payments.late', { key: stringSerde, value: paymentSerde });
  const nine = Date.parse('2026-03-02T09:00:00Z');
  payments.pipe('A-1', { cents: 100 }, { timestamp: nine });
  payments.pipe('A-1', { cents: 50 }, { timestamp: nine + 3_600_000 });
  // Within the grace of a minute.
  payments.pipe('A-1', { cents: 1 }, { timestamp: nine + 3_599_000 });
  assert.deepEqual(statements.readAll(), []);
  payments.pipe('A-1', { cents: 9 }, { timestamp: nine + 3_661_000 });
  payments.pipe('A-1', { cents: 2 }, { timestamp: nine + 3_599_000 });
  const sums = statements.readKeyValues().map(([key, sum]) => [key?.window.start, sum]);
  assert.deepEqual(sums, [[nine, 101n]]);
  assert.deepEqual(late.readKeyValues(), [['A-1', { cents: 2 }]]);
});
