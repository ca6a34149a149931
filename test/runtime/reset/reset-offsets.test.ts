import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { partitionResets } from '../../../src/runtime/reset/reset-offsets.ts';
import type { ResetTarget } from '../../../src/runtime/reset/reset-request.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../../embedded-log.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let log: EmbeddedLog;

beforeEach(async () => {
  directory = temporaryDirectory();
  log = openLog(directory.path);
  await log.createTopics([topicConfig('t')]);
  // Out of order: the first record that is late enough counts.
  for (const timestamp of [10, 20, 15, 30, 40, 40]) await appendText(log, 't', [['k', 'v']], timestamp);
});

afterEach(async () => {
  await log.close();
  directory.remove();
});

async function reset(target: ResetTarget, committed: number | null = 4): Promise<string> {
  const offsets = committed === null ? [] : [{ topic: 't', partition: 0, offset: committed }];
  const [only] = await partitionResets(log, 't', target, offsets);
  return `${only!.from}->${only!.to}, ${only!.rereads} again, ${only!.skips} skipped`;
}

describe('the offsets of a reset', () => {
  it.each<[string, ResetTarget, string]>([
    ['earliest', { kind: 'earliest' }, '4->0, 4 again, 0 skipped'],
    ['latest', { kind: 'latest' }, '4->6, 0 again, 2 skipped'],
    ['an offset', { kind: 'offset', offset: 5 }, '4->5, 0 again, 1 skipped'],
    ['an offset behind the end', { kind: 'offset', offset: 500 }, '4->6, 0 again, 2 skipped'],
    ['some back', { kind: 'by', count: -3 }, '4->1, 3 again, 0 skipped'],
    ['some forward', { kind: 'by', count: 1 }, '4->5, 0 again, 1 skipped'],
    ['further back than there is', { kind: 'by', count: -100 }, '4->0, 4 again, 0 skipped'],
    ['a time', { kind: 'time', timeMs: 20 }, '4->1, 3 again, 0 skipped'],
    ['a time between two records', { kind: 'time', timeMs: 16 }, '4->1, 3 again, 0 skipped'],
    ['a time before all', { kind: 'time', timeMs: 0 }, '4->0, 4 again, 0 skipped'],
    ['a time after all', { kind: 'time', timeMs: 1_000 }, '4->6, 0 again, 2 skipped'],
  ])('for %s', async (_what, target, expected) => {
    expect(await reset(target)).toBe(expected);
  });

  it('count from the first record held where nothing is committed', async () => {
    expect(await reset({ kind: 'by', count: 2 }, null)).toBe('null->2, 0 again, 2 skipped');
    expect(await reset({ kind: 'earliest' }, null)).toBe('null->0, 0 again, 0 skipped');
  });
});
