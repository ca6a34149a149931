import { StreamsBuilder } from 'headrace';
import { beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { Membership } from '../../src/log/log.ts';
import { appendText, readText, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';
import { wordCounting } from './word-count.ts';

const serdes = { key: text, value: text };

const { log: current, start, newest } = wordCounting();
let log: EmbeddedLog;
beforeEach(() => {
  log = current();
});

describe('Worker.idle', () => {
  it('waits for what goes through several internal topics and back to the same sub-topology', async () => {
    await log.createTopics([topicConfig('owners', 1), topicConfig('pets', 1), topicConfig('pairs', 1)]);
    const builder = new StreamsBuilder();
    const owners = builder.table('owners', { ...serdes, name: 'owners' });
    const pets = builder.table('pets', { ...serdes, name: 'pets' });
    const options = { name: 'owned', value: text, left: serdes };
    pets
      .joinOnForeignKey(
        owners,
        (owner) => owner,
        (_owner, name) => name,
        options,
      )
      .join(
        owners.leftJoin(pets, (name) => name),
        (one) => one,
      )
      .toStream()
      .to('pairs', serdes);
    const running = start({ topology: builder.build(), commitIntervalMs: 0 });
    for (let i = 0; i < 10; i++) {
      await appendText(log, 'owners', [[`${i}`, 'somebody']]);
      await appendText(log, 'pets', [[`${i}`, `${i}`]]);
      await running.worker.idle();
      expect((await readText(log, 'pairs')).map(([key]) => key)).toContain(`${i}`);
    }
    await running.finish();
  });

  it('waits for records that are appended before the call, also with a long commit interval', async () => {
    const running = start({ commitIntervalMs: 60_000 });
    await running.worker.idle();
    await appendText(log, 'words', [['1', 'a']]);
    await running.worker.idle();
    expect(await newest()).toEqual({ a: '1' });
    await running.finish();
  });

  it('waits for the first assignment: on a log over a network it takes a while', async () => {
    await appendText(log, 'words', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
    ]);
    let polls = 0;
    const slowly = new Proxy(log, {
      get(target, name) {
        const value = Reflect.get(target, name);
        if (name !== 'join') return typeof value === 'function' ? value.bind(target) : value;
        return async (membership: Membership) => {
          const member = await target.join(membership);
          const poll = member.poll.bind(member);
          member.poll = async (options) => (polls++ < 3 ? { batches: [] } : poll(options));
          return member;
        };
      },
    });
    const { worker, finish } = start({ log: slowly });
    await worker.idle();
    expect(worker.metrics().processed).toBe(6);
    await finish();
  });

  it('resolves although producers never leave a moment without records', { timeout: 20_000 }, async () => {
    const running = start({ commitIntervalMs: 20 });
    let isEnough = false;
    let sent = 0;
    const send = async () => {
      while (!isEnough) {
        await appendText(
          log,
          'words',
          Array.from({ length: 50 }, () => [String(sent++ % 3), 'w'] as const),
        );
      }
    };
    const producing = [send(), send(), send()];
    while (sent < 500) await new Promise((resolve) => setImmediate(resolve));
    const before = sent;
    await running.worker.idle();
    expect(Number((await newest()).w)).toBeGreaterThanOrEqual(before - 150);
    expect(sent).toBeGreaterThan(before);
    isEnough = true;
    await Promise.all(producing);
    await running.finish();
    expect(await newest()).toEqual({ w: String(sent) });
  });

  it('resolves when the worker has ended', async () => {
    const running = start();
    await running.finish();
    await running.worker.idle();
  });
});
