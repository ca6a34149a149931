import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Restoration, restore } from '../../../src/log/kafka/state/restore.ts';
import { compileChild } from '../embedded/child-process.ts';
import { type Change, ChangelogUnderTest } from './state/changelog-under-test.ts';
import { LocalStateUnderTest } from './state/local-state-under-test.ts';
import { CHANGELOG, CHILD_STEPS, childChangelog, STORES } from './state/restored-by-child.ts';

const HOUR_MS = 3_600_000;

describe('local state over any changelog, with crashes at any point', () => {
  const change: fc.Arbitrary<Change> = fc.record({
    store: fc.constantFrom(...STORES),
    partition: fc.constant(CHANGELOG.partition),
    key: fc.integer({ min: 0, max: 12 }).map((key) => `k${key}`),
    value: fc.option(fc.string({ maxLength: 2 })),
  });
  const transactions = fc.array(change, { maxLength: 15 });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('written' as const), changes: transactions }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('crash' as const), after: fc.nat(12) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('committed' as const), changes: transactions }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('compacted' as const), part: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const), hours: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('anew' as const) }) },
  );

  it('ends as the fold of what was written', async () => {
    const counts = { crashes: 0, rebuilds: 0, commits: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const under = new LocalStateUnderTest();
        let [changelog, topicId, now] = [new ChangelogUnderTest(4), 1, 1_700_000_000_000];
        let written: Change[] = [];
        const restored = (crashAfter: number) => {
          let left = crashAfter;
          const crash = () => {
            if (left-- === 0) throw new Error('crash');
          };
          const options: Restoration = {
            kind: 'owner',
            local: under.local,
            reader: changelog,
            group: 'g',
            changelog: CHANGELOG,
            stores: STORES,
            statePartition: CHANGELOG.partition,
            topicId: String(topicId),
            start: 0,
            end: changelog.end,
            deleteRetentionMs: 24 * HOUR_MS,
            clock: () => now,
            pause: async () => crash(),
            requireWanted: crash,
            onProgress: crash,
            onRebuild: () => void counts.rebuilds++,
            stepBytes: 200,
            transactionRecords: 3,
          };
          return restore(options);
        };
        try {
          for (const each of steps) {
            switch (each.kind) {
              case 'written':
                changelog.append(each.changes);
                written.push(...each.changes);
                break;
              case 'crash':
                await restored(each.after).catch((error: Error) => {
                  expect(error.message).toBe('crash');
                  counts.crashes++;
                });
                await under.restart();
                break;
              case 'committed': {
                // As a member does it: restored first, then its own transaction, then the local state.
                await restored(Number.POSITIVE_INFINITY);
                const fromOffset = changelog.end;
                changelog.append(each.changes);
                written.push(...each.changes);
                const position = { topicId: String(topicId), currentAt: now, isPartial: false };
                const changes = each.changes.map(({ store, partition, key, value }) => ({
                  store,
                  partition,
                  entries: [[key, value === null ? null : Buffer.from(value)] as const],
                }));
                const offset = fromOffset + each.changes.length;
                under.local.apply('g', [{ ...CHANGELOG, changes, fromOffset, position: { ...position, offset } }]);
                counts.commits++;
                break;
              }
              case 'compacted':
                changelog.compact(Math.floor((changelog.end * each.part) / 100), now, 24 * HOUR_MS);
                break;
              case 'pause':
                now += each.hours * HOUR_MS;
                break;
              case 'anew':
                [changelog, topicId, written] = [new ChangelogUnderTest(4), topicId + 1, []];
            }
          }
          await restored(Number.POSITIVE_INFINITY);
          expect(under.rows('g', STORES, [CHANGELOG.partition])).toEqual(ChangelogUnderTest.fold(written));
        } finally {
          await under.remove();
        }
      }),
      { numRuns: 60 },
    );
    expect(counts.crashes).toBeGreaterThan(20);
    expect(counts.rebuilds).toBeGreaterThan(5);
    expect(counts.commits).toBeGreaterThan(20);
  });
});

describe('a process killed in the midst of a restore', () => {
  let child: { folder: string; script: string };
  beforeAll(() => {
    child = compileChild('restored-by-child', 'kafka/state');
  });
  afterAll(() => {
    rmSync(child.folder, { recursive: true, force: true });
  });

  function run(path: string, topicId: string, stopAt: string): Promise<{ signal: string | null; code: number | null }> {
    const running = spawn(process.execPath, [child.script, path, topicId, stopAt], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return new Promise((resolve) => {
      running.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  it.each(CHILD_STEPS)('at %s: goes on, or begins again, and ends as the fold of the changelog', async (stopAt) => {
    const under = new LocalStateUnderTest();
    const { written } = childChangelog();
    const whole = ChangelogUnderTest.fold(written);
    try {
      // What another changelog of the same name had left must all be gone in the end.
      expect(await run(under.path, 'before', 'never')).toEqual({ code: 0, signal: null });
      expect((await run(under.path, 'now', stopAt)).signal).toBe('SIGKILL');
      await under.restart();
      const position = under.local.position(CHANGELOG);
      expect(position).toMatchObject({ isPartial: true });
      expect(await run(under.path, 'now', 'never')).toEqual({ code: 0, signal: null });
      await under.restart();
      expect(under.rows('g', STORES, [CHANGELOG.partition])).toEqual(whole);
      expect(under.local.position(CHANGELOG)).toMatchObject({ isPartial: false, topicId: 'now' });
    } finally {
      await under.remove();
    }
  });
});
