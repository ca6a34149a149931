import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { postingsOf, type Transfer } from './rules.js';
import { postingSerde, topology, transferSerde } from './topology.js';

function ledger() {
  const driver = new TopologyTestDriver(topology, { partitions: 4 });
  return {
    driver,
    transfers: driver.inputTopic('transfers', { key: stringSerde, value: transferSerde }),
    refused: driver.outputTopic('transfers.refused', { key: stringSerde, value: stringSerde }),
    postings: driver.outputTopic('postings', { key: stringSerde, value: postingSerde }),
  };
}

const balanceOf = (driver: TopologyTestDriver, account: string) =>
  driver.storeValue<string, bigint>('balances', account);

test('each rule refuses with its code', () => {
  const transfer: Transfer = { from: 'A', to: 'B', cents: 5 };
  assert.equal(postingsOf('t', { ...transfer, cents: 0 }, undefined), 'NO_AMOUNT');
  assert.equal(postingsOf('t', { ...transfer, cents: 0.5 }, undefined), 'NO_AMOUNT');
  assert.equal(postingsOf('t', { ...transfer, to: 'A' }, undefined), 'SAME_ACCOUNT');
  assert.equal(postingsOf('t', transfer, { ...transfer }), 'DUPLICATE');
  assert.equal(postingsOf('t', transfer, { ...transfer, cents: 6 }), 'CONFLICT');
});

test('posts a transfer once, however often it comes', () => {
  const { driver, transfers, refused, postings } = ledger();
  transfers.pipe('t-1', { from: 'A', to: 'B', cents: 250 });
  transfers.pipe('t-1', { from: 'A', to: 'B', cents: 250 });
  transfers.pipe('t-1', { from: 'A', to: 'B', cents: 999 });
  assert.deepEqual(refused.readKeyValues(), [
    ['t-1', 'DUPLICATE'],
    ['t-1', 'CONFLICT'],
  ]);
  assert.equal(postings.readAll().length, 2);
  assert.deepEqual([balanceOf(driver, 'A'), balanceOf(driver, 'B')], [-250n, 250n]);
});

test('whatever comes, and whenever it crashes, the postings of each transfer and all balances sum to zero', () => {
  const { driver, transfers, postings } = ledger();
  const accounts = ['A', 'B', 'C', 'D', 'E'];
  for (let number = 0; number < 200; number++) {
    const [from, to] = [accounts[number % 5]!, accounts[(number * 7 + 3) % 5]!];
    transfers.pipe(`t-${number % 150}`, { from, to, cents: (number * 37) % 500 });
    if (number % 40 === 39) driver.crash();
  }
  const sums = new Map<string, number>();
  for (const { value } of postings.readAll()) {
    if (value === null) throw new TypeError('a posting is never deleted');
    sums.set(value.transferId, (sums.get(value.transferId) ?? 0) + value.cents);
  }
  assert.ok(sums.size > 100);
  assert.deepEqual(new Set(sums.values()), new Set([0]));
  const total = accounts.reduce((sum, account) => sum + (balanceOf(driver, account) ?? 0n), 0n);
  assert.equal(total, 0n);
});
