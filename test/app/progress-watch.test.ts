import { expect, it } from 'vitest';
import { ProgressWatch, STUCK_AFTER_MS } from '../../src/app/progress-watch.ts';

function watching() {
  const told: string[] = [];
  const now = { ms: 1_000, lag: 5, processed: 10, commits: 2, calls: { attempts: 0 } };
  const watch = new ProgressWatch({
    clock: () => now.ms,
    progress: () => [{ application: 'ledger', ...now }],
    onStuck: (application, { code, message }) => told.push(`${application} ${code} ${message}`),
  });
  const after = (ms: number, change: Partial<typeof now> = {}) => {
    Object.assign(now, { ms: now.ms + ms, ...change });
    watch.look();
  };
  watch.look();
  return { told, after };
}

it('tells of a worker that has records and processes none, once for each such time', () => {
  const { told, after } = watching();
  after(STUCK_AFTER_MS - 1);
  expect(told).toEqual([]);
  after(1);
  expect(told).toEqual([
    expect.stringMatching(/^ledger WORKER_STUCK ledger has 5 records to process and has processed none for 60 s/),
  ]);
  after(STUCK_AFTER_MS - 1);
  expect(told).toHaveLength(1);
  after(1);
  expect(told).toHaveLength(2);
});

it('does not tell of one that moves, has nothing to do, or whose clock was set back', () => {
  const { told, after } = watching();
  for (let i = 0; i < 5; i++) after(STUCK_AFTER_MS, { processed: 11 + i });
  for (let i = 0; i < 5; i++) after(STUCK_AFTER_MS, { lag: 0 });
  after(STUCK_AFTER_MS, { lag: 3 });
  after(-10 * STUCK_AFTER_MS);
  after(STUCK_AFTER_MS - 1);
  expect(told).toEqual([]);
  after(1);
  expect(told).toHaveLength(1);
});

it('does not tell of one that asks somebody outside who does not answer, but of one that does not even ask', () => {
  const { told, after } = watching();
  for (let i = 1; i < 5; i++) after(STUCK_AFTER_MS, { calls: { attempts: i } });
  expect(told).toEqual([]);
  after(STUCK_AFTER_MS);
  expect(told).toHaveLength(1);
});
