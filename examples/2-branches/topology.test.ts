import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { paymentSerde, topology } from './topology.js';

test('parts payments, and drops those of nothing', () => {
  const driver = new TopologyTestDriver(topology);
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const foreign = driver.outputTopic('payments.foreign', { key: stringSerde, value: paymentSerde });
  const large = driver.outputTopic('payments.large', { key: stringSerde, value: paymentSerde });
  const plain = driver.outputTopic('payments.plain', { key: stringSerde, value: stringSerde });
  payments.pipe('A-1', { cents: 0, currency: 'EUR' });
  payments.pipe('A-1', { cents: 1_250, currency: 'EUR' });
  payments.pipe('A-2', { cents: 20_000_00, currency: 'USD' });
  payments.pipe('A-3', { cents: 10_000_00, currency: 'EUR' });
  assert.deepEqual(plain.readKeyValues(), [['A-1', '12.50 EUR']]);
  assert.deepEqual(foreign.readKeyValues(), [['A-2', { cents: 20_000_00, currency: 'USD' }]]);
  assert.deepEqual(large.readKeyValues(), [['A-3', { cents: 10_000_00, currency: 'EUR' }]]);
});
