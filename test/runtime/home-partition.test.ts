import { bytesSerde, StreamsBuilder, timeWindowedSerde } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.ts';
import { text } from '../text-serde.ts';

const PARTITIONS = 8;
const serdes = { key: text, value: text };
const homeOf = (key: string) => partitionFor(Buffer.from(key), PARTITIONS);
const elsewhere = (key: string) => (homeOf(key) + 1) % PARTITIONS;

/** Counts the records of each key of a topic whose producers are held to murmur2, and of one whose are not. */
function openDriver(options: TopologyTestDriverOptions = {}) {
  const builder = new StreamsBuilder();
  builder
    .stream('held', { ...serdes, partitionedBy: 'murmur2' })
    .merge(builder.stream('free', serdes))
    .mapValues((value) => value.toUpperCase())
    .to('out', serdes);
  const driver = new TopologyTestDriver(builder.build(), { partitions: PARTITIONS, ...options });
  const out = driver.outputTopic('out', serdes);
  const letters = driver.outputTopic('held.dlq', { key: bytesSerde, value: bytesSerde });
  return {
    driver,
    held: driver.inputTopic('held', serdes),
    free: driver.inputTopic('free', serdes),
    values: () => out.readAll().map(({ value }) => value),
    letters: () =>
      letters.readAll().map(({ partition, headers }) => {
        const texts = headers.map(([name, value]) => [name, Buffer.from(value!).toString()] as const);
        return { partition, ...Object.fromEntries(texts) };
      }),
  };
}

describe('a source that says where the records of a key lie', () => {
  it('refuses what lies elsewhere, with the partition where it belongs; the rest goes on', () => {
    const { held, values, letters, driver } = openDriver();
    held.pipe('A', 'one');
    held.pipe('A', 'two', { partition: elsewhere('A') });
    held.pipe('A', 'three');
    expect(values()).toEqual(['ONE', 'THREE']);
    expect(letters()).toEqual([
      expect.objectContaining({
        partition: elsewhere('A'),
        '__headrace.errors.code': 'PARTITION_MISMATCH',
        '__headrace.errors.stage': 'decoding',
        '__streams.errors.partition': `${elsewhere('A')}`,
        '__streams.errors.message': expect.stringContaining(`"A" belongs into partition ${homeOf('A')} of held`),
      }),
    ]);
    expect(driver.counters).toMatchObject({ deadLetters: 1 });
  });

  it('takes null keys wherever they lie, and another source takes everything', () => {
    const { held, free, values, letters } = openDriver();
    held.pipe(null, 'no key', { partition: 5 });
    free.pipe('A', 'spread as its producer likes', { partition: elsewhere('A') });
    expect(values()).toEqual(['NO KEY', 'SPREAD AS ITS PRODUCER LIKES']);
    expect(letters()).toEqual([]);
  });

  it('asks the handler of what cannot be read', () => {
    const told: string[] = [];
    const { held, values, letters } = openDriver({
      errorHandlers: { decoding: () => 'skip' },
      onSkipped: ({ code }) => void told.push(code),
    });
    held.pipe('A', 'one', { partition: elsewhere('A') });
    expect([values(), letters(), told]).toEqual([[], [], ['PARTITION_MISMATCH']]);
  });

  it('parks no key for it: where a record does not belong, it has no order', () => {
    const { held, values, letters } = openDriver({ parkKeys: true });
    held.pipe('A', 'one', { partition: elsewhere('A') });
    held.pipe('A', 'two', { partition: elsewhere('A') });
    held.pipe('A', 'three');
    expect(values()).toEqual(['THREE']);
    for (const letter of letters()) expect(Object.keys(letter).join()).not.toContain('parked');
  });

  it('knows that a windowed key belongs where its key does', () => {
    const windowed = timeWindowedSerde(text, 10);
    const builder = new StreamsBuilder();
    builder
      .stream('in', { key: windowed, value: text, partitionedBy: 'murmur2' })
      .to('out', { key: windowed, value: text });
    const driver = new TopologyTestDriver(builder.build(), { partitions: PARTITIONS });
    const key = { key: 'A', window: { start: 0, end: 10 } };
    const input = driver.inputTopic('in', { key: windowed, value: text });
    input.pipe(key, 'at home', { partition: homeOf('A') });
    input.pipe(key, 'elsewhere', { partition: elsewhere('A') });
    expect(
      driver
        .outputTopic('out', { key: windowed, value: text })
        .readAll()
        .map(({ value }) => value),
    ).toEqual(['at home']);
  });
});
