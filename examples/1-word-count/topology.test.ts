import assert from 'node:assert/strict';
import { test } from 'node:test'; // or from 'vitest': nothing else changes
import { countSerde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { topology } from './topology.js';

test('counts each word', () => {
  const driver = new TopologyTestDriver(topology);
  const words = driver.inputTopic('words', { key: stringSerde, value: stringSerde });
  const counts = driver.outputTopic('word-counts', { key: stringSerde, value: countSerde });
  for (const word of ['to', 'be', 'to']) words.pipe(null, word);
  assert.deepEqual(counts.readKeyValues(), [
    ['to', 1],
    ['be', 1],
    ['to', 2],
  ]);
});
