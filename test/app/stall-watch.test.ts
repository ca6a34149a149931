import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { NodeStatus } from '../../src/app/node.ts';
import { StallWatch } from '../../src/app/stall-watch.ts';

const LIMIT_MS = 200;
const still: NodeStatus = {
  processed: 9,
  deadLetters: 0,
  parked: 0,
  commits: 3,
  aborts: 0,
  lag: 0,
  sinkRows: 5,
  sinkLag: 0,
  sinkError: undefined,
};

/** A watch over statuses that the test makes up. */
function watching(status: () => NodeStatus): StallWatch {
  return new StallWatch({ status: async () => status() }, Date.now, LIMIT_MS);
}
const never = new Promise<never>(() => undefined);

describe('a watch over work that is to end', () => {
  it('hands on what the work gives, and how it fails', async () => {
    const watch = watching(() => still);
    expect(await watch.guard(Promise.resolve(7))).toBe(7);
    await expect(watch.guard(Promise.reject(new RangeError('its own')))).rejects.toThrow('its own');
  });

  it('waits as long as there is nothing to do: an input may be slow', async () => {
    expect(await watching(() => still).guard(sleep(3 * LIMIT_MS, 'done'))).toBe('done');
  });

  it.each<[string, (step: number) => Partial<NodeStatus>]>([
    ['commits', (step) => ({ lag: 5, commits: step })],
    ['the lag', (step) => ({ lag: 1_000 - step })],
    ['rows in ClickHouse', (step) => ({ sinkLag: 5, sinkRows: step })],
  ])('waits as long as %s move', async (_what, change) => {
    let step = 0;
    expect(await watching(() => ({ ...still, ...change(step++) })).guard(sleep(3 * LIMIT_MS, 'done'))).toBe('done');
  });

  it('gives up when the engine stands still, though it tries again and again', async () => {
    let aborts = 0;
    const fault = { code: 'STORAGE_FULL', message: 'No room on disk' } as const;
    const work = watching(() => ({ ...still, lag: 5, processed: 9 * aborts, aborts: aborts++, fault })).guard(never);
    await expect(work).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      message: expect.stringMatching(/Nothing has moved for 0 s: No room on disk.*run the same again/),
    });
  });

  it('gives up when ClickHouse takes nothing', async () => {
    const work = watching(() => ({ ...still, sinkLag: 5, sinkError: 'ENOSPC' })).guard(never);
    await expect(work).rejects.toMatchObject({ code: 'WORKER_STUCK', message: expect.stringContaining('ENOSPC') });
  });

  it('gives up when the log refuses records and nothing else is to be done', async () => {
    const watch = watching(() => still);
    const refusing = setInterval(() => watch.refused({ code: 'LOG_BACKPRESSURE', message: 'full' }), LIMIT_MS / 10);
    await expect(watch.guard(never)).rejects.toMatchObject({ code: 'LOG_BACKPRESSURE' });
    clearInterval(refusing);
  });

  it('waits when the log takes records in between', async () => {
    const watch = watching(() => still);
    const refusing = setInterval(() => {
      watch.refused({ code: 'LOG_BACKPRESSURE', message: 'full' });
      watch.appended(1);
    }, LIMIT_MS / 10);
    expect(await watch.guard(sleep(3 * LIMIT_MS, 'done'))).toBe('done');
    clearInterval(refusing);
  });
});
