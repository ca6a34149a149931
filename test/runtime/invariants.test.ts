import { StreamsBuilder, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { seededRandom } from '../../src/random.ts';
import type { ErrorAnswer } from '../../src/runtime/error-handlers.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { appendText, topicConfig } from '../embedded-log.ts';
import { messageOf, numberSerde, open } from './booking-driver.ts';
import { booking, checkedBooking, legs, sumsToZero, texts } from './booking-topology.ts';

const breach = {
  code: 'INVARIANT_BREACHED',
  operator: 'sum-to-zero',
  message: 'The invariant sum-to-zero does not hold: the legs sum to 1',
};

describe('a record that breaches an invariant', () => {
  it('is undone whole and goes to the dead letters, which name the invariant; the others go on', () => {
    const run = open(checkedBooking());
    run.pipe('a:5 b:-5');
    run.pipe('a:5 b:-4');
    run.pipe('b:1 a:-1');
    expect(run.out()).toEqual([
      ['a', 5n],
      ['b', -5n],
      ['b', 1n],
      ['a', -1n],
    ]);
    expect(run.balances()).toEqual([
      ['a', 4n],
      ['b', -4n],
    ]);
    expect(run.letters()).toEqual([{ value: 'a:5 b:-4', ...breach }]);
    expect(run.driver.invariantBreaches).toEqual({ 'sum-to-zero': 1 });
    expect(run.driver.counters).toMatchObject({ processed: 3, deadLetters: 1 });
  });

  it.each<readonly [ErrorAnswer, number, number]>([
    ['deadLetter', 1, 0],
    ['skip', 0, 1],
  ])('is %s where the processing handler says so', (answer, letters, dropped) => {
    const asked: unknown[] = [];
    const processing = (error: Error, record: { readonly operator: string | undefined }) => {
      asked.push([error.message, record.operator]);
      return answer;
    };
    const run = open(checkedBooking(), { errorHandlers: { processing } });
    run.pipe('a:1');
    expect(asked).toEqual([[breach.message, 'sum-to-zero']]);
    expect(run.letters()).toHaveLength(letters);
    expect(run.driver.counters.dropped).toBe(dropped);
    expect(run.balances()).toEqual([]);
  });

  it('ends the worker where the handler says so', () => {
    const run = open(checkedBooking(), { errorHandlers: { processing: () => 'fail' } });
    expect(() => run.pipe('a:1')).toThrow(expect.objectContaining({ code: 'INVARIANT_BREACHED' }));
  });

  it('ends the worker whatever the handler would say, where the invariant is declared so', () => {
    const processing = () => {
      throw new RangeError('nobody asks');
    };
    const run = open(checkedBooking('fail'), { errorHandlers: { processing } });
    run.pipe('a:2 b:-2');
    const place = { task: '0_0', topic: 'in', partition: 0, offset: 1, operator: 'sum-to-zero' };
    const stop = expect.objectContaining({ code: breach.code, message: breach.message, where: place });
    expect(() => run.pipe('a:1')).toThrow(stop);
    // A restart meets the record again.
    expect(() => run.driver.crash()).toThrow(stop);
    expect(run.letters()).toEqual([]);
    expect(run.balances()).toEqual([
      ['a', 2n],
      ['b', -2n],
    ]);
  });

  it('fails as its operator says where that fails first', () => {
    const run = open(checkedBooking('fail'));
    run.pipe('a:1 crash');
    expect(run.letters()).toMatchObject([{ code: 'PROCESSING_FAILED', operator: 'book' }]);
  });

  it.each(['deadLetter', 'fail'] as const)('does the same in a worker: %s', async (onBreach) => {
    const time = new VirtualTime();
    const random = seededRandom(1);
    const log = new SimulatedLog({ random: () => random.next(), time });
    await log.createTopics(['in', 'legs', 'in.dlq'].map((name) => topicConfig(name)));
    const options = { log, application: 'app', commitIntervalMs: 1, clock: () => time.now() };
    const worker = new Worker({ ...options, topology: checkedBooking(onBreach) });
    const running = worker.run();
    const ended = running.then(
      () => undefined,
      (error: unknown) => error,
    );
    await appendText(log, 'in', [['k', 'a:1']]);
    await Promise.race([worker.idle(), ended]);
    worker.stop();
    if (onBreach === 'fail') {
      expect(await ended).toMatchObject({ code: 'INVARIANT_BREACHED', where: { topic: 'in', offset: 0 } });
      expect(worker.metrics()).toMatchObject({ deadLetters: 0 });
    } else {
      expect(await ended).toBe(undefined);
      expect(worker.metrics()).toMatchObject({ deadLetters: 1, lag: 0 });
      expect(worker.figures().tasks.map(({ invariantBreaches }) => invariantBreaches)).toEqual([{ 'sum-to-zero': 1 }]);
    }
  });
});

describe('an invariant that can not be checked', () => {
  const answering = (holds: () => unknown) => {
    const { builder } = booking();
    builder.invariant('broken', { topics: { legs }, holds: holds as () => true });
    const run = open(builder.build());
    run.pipe('a:1');
    return { letters: run.letters(), breaches: run.driver.invariantBreaches };
  };

  it.each<readonly [string, () => unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new TypeError('of the invariant');
      },
      /The invariant broken could not be checked: of the invariant/,
    ],
    ['answers nothing', () => undefined, /holds answered undefined, not true or a text/],
    ['answers false, which says nothing', () => false, /holds answered false/],
    ['answers later', () => Promise.resolve(true), /holds answered \[object Promise\]/],
  ])('%s: the record fails, and it is no breach', (_what, holds, message) => {
    const { letters, breaches } = answering(holds);
    expect(letters).toMatchObject([
      { code: 'PROCESSING_FAILED', operator: 'broken', message: expect.stringMatching(message) },
    ]);
    expect(breaches).toEqual({ broken: 0 });
  });

  it('reads what is not there by that serde: the record fails', () => {
    const { builder } = booking();
    const other = { key: stringSerde, value: { ...stringSerde, name: 'int64', deserialize: () => '1'.repeat(-1) } };
    builder.invariant('misread', {
      topics: { legs: other },
      holds: ({ forwarded }) => forwarded.legs[0]!.value === '' || '',
    });
    const run = open(builder.build());
    run.pipe('a:1');
    expect(run.letters()).toMatchObject([{ code: 'PROCESSING_FAILED', operator: 'misread' }]);
  });
});

describe('steps that have no record of their own', () => {
  /** Forwards `amount` to the topic `legs` every 10 ms. */
  function punctuating(type: 'stream-time' | 'wall-clock') {
    const { builder, input } = booking();
    let amount = 0n;
    input
      .process({
        name: 'interest',
        key: stringSerde,
        value: legs.value,
        processor: (context) => {
          context.schedule({ everyMs: 10, type }, () => {
            if (amount !== 0n) context.forward('a', amount);
          });
          return () => {};
        },
      })
      .to('legs', { ...legs, name: 'interest-legs' });
    const seen: unknown[] = [];
    builder.invariant('sum-to-zero', {
      inputs: { input },
      topics: { legs },
      holds: (view) => {
        seen.push([view.record?.offset, view.inputs.input?.value, view.forwarded.legs.length]);
        return sumsToZero(view);
      },
    });
    const set = (next: bigint) => {
      amount = next;
    };
    return { topology: builder.build(), seen, set };
  }

  it.each(['stream-time', 'wall-clock'] as const)('a punctuation on %s that breaches ends the worker', (type) => {
    const { topology, seen, set } = punctuating(type);
    const run = open(topology, { errorHandlers: { processing: () => 'deadLetter' } });
    const pass = () => (type === 'wall-clock' ? run.driver.advanceTime(10) : run.pipe('nothing', 1_000));
    run.pipe('nothing', 1);
    if (type === 'wall-clock') pass();
    // What has touched nothing is not asked about.
    expect(seen).toEqual([[0, 'nothing', 0]]);
    set(3n);
    expect(pass).toThrow(/The invariant sum-to-zero does not hold: the legs sum to 3/);
    expect(seen.at(-1)).toEqual([undefined, undefined, 1]);
    expect(run.out()).toEqual([]);
  });

  it('one that breaches is skipped where the handler says so', () => {
    const { topology, set } = punctuating('wall-clock');
    const run = open(topology, { errorHandlers: { processing: () => 'skip' } });
    set(3n);
    run.driver.advanceTime(10);
    run.pipe('a:1 b:-1');
    expect(run.out()).toHaveLength(2);
    expect(run.driver.invariantBreaches).toEqual({ 'sum-to-zero': 1 });
  });

  it('an idle tick that breaches ends the worker', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', texts)
      .groupByKey()
      .count({ name: 'counts' })
      .suppress({ name: 'late', kind: 'timeLimit', ms: 50 })
      .toStream()
      .to('out', { key: stringSerde, value: numberSerde });
    builder.invariant('none', {
      topics: { out: { key: stringSerde, value: numberSerde } },
      holds: ({ forwarded }) => forwarded.out.length === 0 || `${forwarded.out.length} went out`,
    });
    const driver = new TopologyTestDriver(builder.build(), { idleAfterMs: 10 });
    driver.inputTopic('in', texts).pipe('k', 'v', { timestamp: 0 });
    driver.advanceTime(1);
    expect(() => driver.advanceTime(100)).toThrow(/The invariant none does not hold: 1 went out/);
  });
});

describe('cached tables', () => {
  it('rows change with the record, what is sent on is checked when it is sent, for the record that made it', () => {
    const builder = new StreamsBuilder();
    const input = builder.stream('in', texts);
    const table = input
      .groupByKey()
      .reduce({ name: 'all', reducer: (one, other) => `${one}${other}`, cached: true, ...texts });
    table.toStream().to('out', texts);
    const seen: unknown[] = [];
    builder.invariant('rows', {
      stores: { table },
      holds: ({ stores }) => {
        seen.push(stores.table.changes.map(({ before, after }) => [before, after]));
        return stores.table.changes.every(({ after }) => !after!.includes('bad')) || 'a bad row';
      },
    });
    builder.invariant('sent', {
      inputs: { input },
      topics: { out: texts },
      holds: ({ forwarded, inputs }) => {
        for (const { value } of forwarded.out) seen.push([inputs.input!.value, value]);
        return forwarded.out.every(({ value }) => value !== 'xyz') || 'xyz is not to be sent';
      },
    });
    const driver = new TopologyTestDriver(builder.build(), { commit: 'manual' });
    const pipe = (key: string, value: string) => driver.inputTopic('in', texts).pipe(key, value);
    pipe('k', 'a');
    pipe('k', 'bad');
    pipe('k', 'c');
    pipe('l', 'xyz');
    driver.commit();
    expect(seen).toEqual([
      [[undefined, 'a']],
      [['a', 'abad']],
      [['a', 'ac']],
      [[undefined, 'xyz']],
      ['c', 'ac'],
      ['xyz', 'xyz'],
    ]);
    expect(driver.outputTopic('out', texts).readAll()).toMatchObject([{ key: 'k', value: 'ac' }]);
    const letters = driver.outputTopic('in.dlq', texts).readAll();
    expect(letters.map(({ value, headers }) => [value, messageOf(headers)])).toEqual([
      ['bad', 'The invariant rows does not hold: a bad row'],
      ['xyz', expect.stringMatching(/sent does not hold: xyz is not to be sent .*its row stays as it is/)],
    ]);
    expect(driver.invariantBreaches).toEqual({ rows: 1, sent: 1 });
  });
});
