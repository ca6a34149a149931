import assert from 'node:assert/strict';
import { test } from 'node:test'; // or from 'vitest': nothing else changes
import { int64Serde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { paymentSerde, topology } from './topology.js';

test('keeps a balance for each account', () => {
  const driver = new TopologyTestDriver(topology);
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const balances = driver.outputTopic('balances', { key: stringSerde, value: int64Serde });
  payments.pipe('A-1', { cents: 10_000 });
  payments.pipe('A-2', { cents: 500 });
  payments.pipe('A-1', { cents: -2_550 });
  assert.deepEqual(balances.readKeyValues(), [
    ['A-1', 10_000n],
    ['A-2', 500n],
    ['A-1', 7_450n],
  ]);
});
