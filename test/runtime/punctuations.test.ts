import { keyValueStore, type ProcessorContext, StreamsBuilder, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';

const strings = { key: stringSerde, value: stringSerde };
const count = keyValueStore({ name: 'count', key: stringSerde, value: stringSerde });

function ticking(type: 'stream-time' | 'wall-clock', everyMs: number, options: { commit?: 'each' | 'manual' } = {}) {
  const builder = new StreamsBuilder();
  builder
    .stream('in', strings)
    .process({
      ...strings,
      name: 'ticking',
      stores: { count },
      processor: (context: ProcessorContext<{ count: typeof count }, string, string>) => {
        context.schedule({ everyMs, type }, () => context.forward('tick', context.stores.count.get('n') ?? '0'));
        return (_key, value) => {
          if (value === 'bad') throw new RangeError('bad');
          context.stores.count.put('n', String(Number(context.stores.count.get('n') ?? '0') + 1));
        };
      },
    })
    .to('out', strings);
  const driver = new TopologyTestDriver(builder.build(), { startTimeMs: 0, ...options });
  const input = driver.inputTopic('in', strings);
  const output = driver.outputTopic('out', strings);
  return {
    driver,
    pipe: (timestamp: number, value = 'x') => input.pipe('k', value, { timestamp }),
    ticks: () => output.readAll().map(({ value, timestamp }) => `${value} at ${timestamp}`),
  };
}

describe('a punctuation on stream time', () => {
  it('comes with the first record, then as stream time passes each multiple; what was missed comes once', () => {
    const { pipe, ticks } = ticking('stream-time', 10);
    for (const at of [3, 9, 12, 11, 47, 48, 50]) pipe(at);
    expect(ticks()).toEqual(['1 at 3', '3 at 12', '5 at 47', '7 at 50']);
  });

  it('goes on where it was after a crash, and says nothing twice', () => {
    const { driver, pipe, ticks } = ticking('stream-time', 10, { commit: 'manual' });
    for (const at of [3, 12, 21, 22, 35]) {
      pipe(at);
      driver.crash();
      driver.commit();
      driver.crash();
    }
    expect(ticks()).toEqual(['1 at 3', '2 at 12', '3 at 21', '5 at 35']);
  });

  it('comes with a record that fails too: time has passed', () => {
    const { driver, pipe, ticks } = ticking('stream-time', 10);
    pipe(5, 'bad');
    expect(ticks()).toEqual(['0 at 5']);
    expect(driver.counters.deadLetters).toBe(1);
  });
});

describe('a punctuation by the wall clock', () => {
  it('comes an interval after the start, whatever the records say', () => {
    const { driver, pipe, ticks } = ticking('wall-clock', 10);
    pipe(1_000_000);
    driver.advanceTime(9);
    expect(ticks()).toEqual([]);
    driver.advanceTime(1);
    driver.advanceTime(25);
    driver.advanceTime(4);
    driver.advanceTime(1);
    expect(ticks()).toEqual(['1 at 10', '1 at 35', '1 at 40']);
  });
});

it('refuses an interval that is none', () => {
  expect(() => ticking('stream-time', 0)).toThrow(/everyMs/);
  expect(() => ticking('wall-clock', 1.5)).toThrow(/everyMs/);
});
