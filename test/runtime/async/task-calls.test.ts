import { countSerde, StreamsBuilder, TimeWindows } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

describe('what stands behind a call in its task', () => {
  it('may be followed by an aggregate, and its results are committed by hand where that is wanted', async () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .callAsync({ name: 'ask', call: async ({ value }) => value.length, retry: { attemptsMax: 1 } })
      .groupByKey()
      .aggregate({
        name: 'lengths',
        initializer: () => '',
        aggregator: (_key, length, all) => `${all}${length}`,
        value: text,
      })
      .toStream()
      .to('out', serdes);
    const driver = new TopologyTestDriver(builder.build(), { commit: 'manual' });
    const input = driver.inputTopic('in', serdes);
    for (const value of ['a', 'bb', 'ccc']) input.pipe('k', value);
    driver.commit();
    await driver.settle();
    expect(driver.storeValue('lengths', 'k')).toBeUndefined();
    driver.commit();
    expect(driver.storeValue('lengths', 'k')).toBe('123');
  });

  it('no time passes in silence over a record that waits for its call', async () => {
    const answers: (() => void)[] = [];
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .callAsync({
        name: 'ask',
        result: text,
        timeoutMs: 1_000_000,
        call: ({ value }) => new Promise<string>((resolve) => answers.push(() => resolve(value))),
      })
      .groupByKey()
      .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
      .count({ name: 'counts', emit: 'onWindowClose' })
      .toStream()
      .map(({ key }, count) => [key, count])
      .to('out', { key: text, value: countSerde });
    const driver = new TopologyTestDriver(builder.build(), { idleAfterMs: 1_000 });
    const input = driver.inputTopic('in', serdes);
    const output = driver.outputTopic('out', { key: text, value: countSerde });
    input.pipe('a', 'x', { timestamp: 1 });
    input.pipe('a', 'y', { timestamp: 2 });
    answers.shift()!();
    await driver.settle({ forMs: 0 });
    driver.advanceTime(0);
    driver.advanceTime(5_000);
    expect(output.readKeyValues()).toEqual([]);
    answers.shift()!();
    await driver.settle({ forMs: 0 });
    driver.advanceTime(0);
    driver.advanceTime(5_000);
    expect(output.readKeyValues()).toEqual([['a', 2]]);
  });

  it('what is joined behind it waits for the call where its time is later', async () => {
    const builder = new StreamsBuilder();
    const limits = builder.table('limits', { ...serdes, name: 'limits' });
    builder
      .stream('in', serdes)
      .callAsync({ name: 'ask', call: async ({ value }) => value })
      .leftJoin(limits, (answer, limit) => `${answer} ${limit}`)
      .to('out', serdes);
    const driver = new TopologyTestDriver(builder.build());
    const input = driver.inputTopic('in', serdes);
    const rows = driver.inputTopic('limits', serdes);
    rows.pipe('k', 'early', { timestamp: 4 });
    input.pipe('k', 'x', { timestamp: 5 });
    rows.pipe('k', 'late', { timestamp: 6 });
    input.pipe('k', 'y', { timestamp: 7 });
    await driver.settle();
    expect(driver.outputTopic('out', serdes).readKeyValues()).toEqual([
      ['k', 'x early'],
      ['k', 'y late'],
    ]);
  });
});
