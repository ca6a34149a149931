import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { paymentSerde, topology } from './topology.js';

test('a payment that is none goes to the dead letters as it came, and the others go on', () => {
  const driver = new TopologyTestDriver(topology);
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const minor = driver.outputTopic('minor-units', { key: stringSerde, value: stringSerde });
  const letters = driver.outputTopic('payments.dlq', { key: stringSerde, value: stringSerde });
  payments.pipe('A-1', { amount: '12.50', currency: 'EUR' });
  payments.pipe('A-1', { amount: '12.505', currency: 'EUR' });
  payments.pipeBytes(stringSerde.serialize('A-1'), stringSerde.serialize('not JSON'));
  payments.pipe('A-1', { amount: '300', currency: 'JPY' });
  assert.deepEqual(minor.readKeyValues(), [
    ['A-1', '1250 of EUR'],
    ['A-1', '300 of JPY'],
  ]);
  assert.deepEqual(letters.readKeyValues(), [
    ['A-1', '{"amount":"12.505","currency":"EUR"}'],
    ['A-1', 'not JSON'],
  ]);
});
