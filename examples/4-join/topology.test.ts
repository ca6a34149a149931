import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { accountSerde, noticeSerde, paymentSerde, topology } from './topology.js';

test('a payment meets the row of its account as it is then', () => {
  const driver = new TopologyTestDriver(topology, { partitions: 2 });
  const accounts = driver.inputTopic('accounts', { key: stringSerde, value: accountSerde });
  const payments = driver.inputTopic('payments', { key: stringSerde, value: paymentSerde });
  const notices = driver.outputTopic('notices', { key: stringSerde, value: noticeSerde });
  payments.pipe('A-1', { cents: 1 });
  accounts.pipe('A-1', { holder: 'Anna' });
  payments.pipe('A-1', { cents: 2 });
  accounts.pipe('A-1', null);
  payments.pipe('A-1', { cents: 3 });
  assert.deepEqual(notices.readKeyValues(), [
    ['A-1', 'somebody spent 1 cents'],
    ['A-1', 'Anna spent 2 cents'],
    ['A-1', 'somebody spent 3 cents'],
  ]);
});
