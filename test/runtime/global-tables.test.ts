import { StreamsBuilder, type Topology } from 'headrace';
import { describe, expect, it } from 'vitest';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { seededRandom } from '../../src/random.ts';
import { appendText, readText, topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';
import { startWorker } from './running-worker.ts';

const SEEDS = 25;
const serdes = { key: text, value: text };

/** Words with their names; a word without one only in the left join. */
function topology(): Topology {
  const builder = new StreamsBuilder();
  const names = builder.globalTable('names', { ...serdes, name: 'names' });
  const words = builder.stream('words', serdes);
  const keyOf = (_key: string | null, word: string | null) => (word === 'none' ? null : word);
  words.join(names, keyOf, (word, name) => `${word}=${name}`).to('inner', serdes);
  words.leftJoin(names, keyOf, (word, name) => `${word}=${name}`).to('left', serdes);
  return builder.build();
}

async function openLog(seed = 1, faults: ConstructorParameters<typeof SimulatedLog>[0]['faults'] = {}) {
  const random = seededRandom(seed);
  const time = new VirtualTime();
  const log = new SimulatedLog({ random: () => random.next(), time, faults });
  await log.createTopics([
    topicConfig('names', 3),
    topicConfig('words', 2),
    topicConfig('inner', 2),
    topicConfig('left', 2),
  ]);
  return { log, time, random };
}

function start(log: SimulatedLog, time: VirtualTime, member = 'one') {
  return startWorker({
    log,
    topology: topology(),
    application: 'app',
    member,
    clock: () => time.now(),
    commitIntervalMs: 5,
    sleep: async () => {},
  });
}

const sorted = async (log: SimulatedLog, topic: string) =>
  (await readText(log, topic)).map(([key, value]) => `${key} ${value}`).sort();

describe('global tables', () => {
  it('are read to the end before the first record of a stream, whatever partition their rows are in', async () => {
    const { log, time } = await openLog();
    await appendText(log, 'words', [
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'gone'],
      ['4', 'none'],
    ]);
    await appendText(log, 'names', [
      ['a', 'old'],
      ['gone', 'x'],
      ['b', 'Bert'],
      ['gone', null],
      ['a', 'Anna'],
    ]);
    await start(log, time).finish();
    expect(await sorted(log, 'inner')).toEqual(['1 a=Anna', '2 b=Bert']);
    expect(await sorted(log, 'left')).toEqual(['1 a=Anna', '2 b=Bert', '3 gone=null', '4 none=null']);
  });

  it('follow their topic while the worker runs', async () => {
    const { log, time } = await openLog();
    const running = start(log, time);
    for (const name of ['Anna', 'Ann', null]) {
      await appendText(log, 'names', [['a', name]]);
      await running.worker.idle();
      await appendText(log, 'words', [['1', 'a']]);
      await running.worker.idle();
    }
    await running.finish();
    expect((await readText(log, 'left')).map(([, value]) => value)).toEqual(['a=Anna', 'a=Ann', 'a=null']);
  });

  it('are kept over a restart under the same name, and read from the beginning under another', async () => {
    const { log, time } = await openLog();
    await appendText(log, 'names', [['a', 'Anna']]);
    await start(log, time).finish();
    const crashed = log;
    crashed.crash();
    const again = log.reopen();
    await appendText(again, 'words', [['1', 'a']]);
    const second = start(again, time);
    await second.finish();
    const third = start(again, time, 'two');
    await third.finish();
    const groups = (await again.groups()).filter((group) => group.startsWith('app-global-'));
    expect([...groups].sort()).toEqual(['app-global-one', 'app-global-two']);
    expect(await sorted(again, 'inner')).toEqual(['1 a=Anna']);
    for (const group of groups) {
      const offsets = await again.committedOffsets(group);
      expect(offsets.filter(({ topic }) => topic === 'names').reduce((sum, { offset }) => sum + offset, 0)).toBe(1);
    }
  });

  it('join every record once with the row of the time, through refused and unknown commits, fences and crashes', async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const faults = { refuseCommit: 0.15, unknownCommit: 0.15, fenceMember: 0.1, delayCommit: 0.3 };
      const opened = await openLog(seed, faults);
      const { time, random } = opened;
      let { log } = opened;
      const run = () => {
        const started = start(log, time);
        const ended = started.running.catch((error: { code: string }) => expect(error.code).toBe('LOG_CLOSED'));
        return { worker: started.worker, ended };
      };
      let running = run();
      const expected: string[] = [];
      const rows = new Map<string, string | null>();
      for (let round = 0; round < 12; round++) {
        const key = random.pick(['a', 'b', 'c']);
        const name = random.below(4) === 0 ? null : `n${round}`;
        rows.set(key, name);
        await appendText(log, 'names', [[key, name]]);
        await running.worker.idle();
        const words = Array.from({ length: 4 }, (_, i) => [`${round}-${i}`, random.pick(['a', 'b', 'c'])] as const);
        for (const [id, word] of words) expected.push(`${id} ${word}=${rows.get(word) ?? null}`);
        await appendText(log, 'words', words);
        if (random.below(3) === 0) {
          log.crash();
          running.worker.stop();
          await running.ended;
          log = log.reopen();
          running = run();
        }
        await running.worker.idle();
      }
      running.worker.stop();
      await running.ended;
      expect(await sorted(log, 'left'), `seed ${seed}`).toEqual(expected.sort());
      expect(await sorted(log, 'inner'), `seed ${seed}`).toEqual(expected.filter((each) => !each.endsWith('null')));
    }
  });
});
