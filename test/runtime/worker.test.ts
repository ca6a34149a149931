import { countSerde, HeadraceError, StreamsBuilder } from 'headrace';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { appendText, readText, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';
import { wordCounting } from './word-count.ts';

const serdes = { key: text, value: text };

const { log: current, reopen, start, newest } = wordCounting();
let log: EmbeddedLog;
beforeEach(() => {
  log = current();
});

describe('Worker', () => {
  it('processes what is there through the repartition topic, commits, and goes on after a restart where it stopped', async () => {
    await appendText(log, 'words', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
    ]);
    const first = start();
    await first.finish();
    expect(await newest()).toEqual({ a: '2', b: '1' });
    expect(first.worker.metrics()).toMatchObject({ processed: 6, deadLetters: 0, lag: 0, tasks: 6, aborts: 0 });
    log = await reopen();
    await appendText(log, 'words', [['4', 'a']]);
    await start().finish();
    expect((await readText(log, 'counts')).filter(([word]) => word === 'a')).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['a', '3'],
    ]);
  });

  it('puts a failing record into the dead letters and goes on, across restarts exactly once', async () => {
    await appendText(log, 'words', [
      ['1', 'a'],
      ['1', 'boom'],
      ['1', 'a'],
    ]);
    await start().finish();
    await start().finish();
    expect(await newest()).toEqual({ a: '2' });
    expect(await readText(log, 'words.dlq')).toEqual([['1', 'boom']]);
  });

  it('after a refused commit it begins again from the committed offsets, and the result is as without', async () => {
    await appendText(log, 'words', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
      ['4', 'boom'],
    ]);
    const join = log.join.bind(log);
    let refusals = 3;
    const faults: string[] = [];
    const flaky = new Proxy(log, {
      get(target, property) {
        if (property !== 'join') return bound(target, property);
        return async (...args: Parameters<EmbeddedLog['join']>) => {
          const member = await join(...args);
          return new Proxy(member, {
            get(own, name) {
              if (name !== 'commit' || refusals === 0) return bound(own, name);
              return async () => {
                refusals--;
                throw new HeadraceError('COMMIT_REFUSED', 'planted', { retriable: true });
              };
            },
          });
        };
      },
    });
    const running = start({ log: flaky, onFault: (error) => faults.push(error.code) });
    await running.finish();
    expect(await newest()).toEqual({ a: '2', b: '1' });
    expect(await readText(log, 'words.dlq')).toEqual([['4', 'boom']]);
    expect(faults).toEqual(['COMMIT_REFUSED', 'COMMIT_REFUSED', 'COMMIT_REFUSED']);
    expect(running.worker.metrics().aborts).toBe(3);
  });

  it('a fenced worker joins again, and two workers share the partitions without losing or doubling', async () => {
    const first = start({ member: 'one' });
    await first.worker.idle();
    const second = start({ member: 'two' });
    const words = Array.from({ length: 300 }, (_, i) => [`k${i}`, `w${i % 7}`] as const);
    for (let i = 0; i < words.length; i += 20) await appendText(log, 'words', words.slice(i, i + 20));
    await Promise.all([first.finish(), second.finish()]);
    await start({ member: 'three' }).finish();
    const counts = await newest();
    expect(Object.values(counts).reduce((sum, count) => sum + Number(count), 0)).toBe(300);
    const written = await readText(log, 'counts');
    expect(written).toHaveLength(300);
    for (const word of Object.keys(counts)) {
      expect(written.filter(([name]) => name === word).map(([, count]) => Number(count))).toEqual(
        Array.from({ length: Number(counts[word]) }, (_, i) => i + 1),
      );
    }
  });

  it('leaves its group also when it stops while fenced, so that the others get its partitions', async () => {
    const first = start({
      member: 'one',
      onStep: (step) => {
        if (step === 'submit') void log.join({ group: 'app', member: 'two', topicSets: topicSetsOf('app') });
      },
      onFault: () => first.worker.stop(),
      sleep: async () => {},
    });
    await appendText(log, 'words', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'c'],
    ]);
    await first.running;
    await start({ member: 'two' }).finish();
    expect(await newest()).toEqual({ a: '1', b: '1', c: '1' });
  });

  it('goes on when a topic of dead letters has fewer partitions than its source', async () => {
    await log.createTopics([topicConfig('words.dlq', 1)]);
    await appendText(log, 'words', [
      ['1', 'boom'],
      ['2', 'boom'],
      ['3', 'boom'],
      ['4', 'a'],
    ]);
    await start().finish();
    expect(await readText(log, 'words.dlq')).toHaveLength(3);
    expect(await newest()).toEqual({ a: '1' });
  });

  it('commits in time although the clock was set back', async () => {
    let offset = 0;
    const running = start({ clock: () => Date.now() + offset, commitIntervalMs: 50 });
    await appendText(log, 'words', [['1', 'a']]);
    await running.worker.idle();
    offset = -3_600_000;
    await appendText(log, 'words', [['2', 'a']]);
    await vi.waitFor(async () => expect(await newest()).toEqual({ a: '2' }), { timeout: 5_000 });
    await running.finish();
  });

  it('ends with an error that names what is missing', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('nowhere', serdes)
      .groupByKey()
      .count({ name: 'counts' })
      .toStream()
      .to('counts', { key: text, value: countSerde });
    await expect(start({ topology: builder.build() }).running).rejects.toMatchObject({
      code: 'TOPIC_UNKNOWN',
      message: expect.stringContaining('nowhere'),
    });
  });
});

function bound<T extends object>(target: T, property: string | symbol): unknown {
  const value = Reflect.get(target, property, target) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}

/** The topics that wordCount reads, as its worker joins. */
function topicSetsOf(application: string): readonly (readonly string[])[] {
  return [['words'], [`${application}-by-word-repartition`]];
}
