import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { UntakenChunks } from '../../../src/clickhouse/connection/untaken-chunks.ts';

async function outcome(promise: Promise<boolean>): Promise<boolean | 'waits'> {
  return Promise.race([promise, turn('waits' as const)]);
}

test('two chunks may wait, and the third once one of them is taken', async () => {
  const untaken = new UntakenChunks();
  untaken.sent();
  expect(await outcome(untaken.mayGrow())).toBe(true);
  untaken.sent();
  const third = untaken.mayGrow();
  expect(await outcome(third)).toBe('waits');
  untaken.taken();
  expect(await outcome(third)).toBe(true);
});

test('who waits for room is told when no more is wanted', async () => {
  const untaken = new UntakenChunks();
  untaken.sent();
  untaken.sent();
  const third = untaken.mayGrow();
  untaken.stop();
  expect(await outcome(third)).toBe(false);
  expect(await outcome(new UntakenChunks().mayGrow())).toBe(true);
});
