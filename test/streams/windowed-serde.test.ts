import { StreamsBuilder, sessionWindowedSerde, stringSerde, TimeWindows, timeWindowedSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';

const serdes = { key: stringSerde, value: stringSerde };
const windowedKey = { key: 'ab', window: { start: 1, end: 258 } };

describe('keys of windows', () => {
  it('are written as Kafka Streams writes them: the key, then the times in 8 bytes each', () => {
    const time = timeWindowedSerde(stringSerde, 257);
    expect(Buffer.from(time.serialize(windowedKey)).toString('hex')).toBe('61620000000000000001');
    expect(time.deserialize(time.serialize(windowedKey))).toEqual(windowedKey);
    const session = sessionWindowedSerde(stringSerde);
    expect(Buffer.from(session.serialize(windowedKey)).toString('hex')).toBe('616200000000000001020000000000000001');
    expect(session.deserialize(session.serialize(windowedKey))).toEqual(windowedKey);
  });

  it('are refused where they are cut off or beyond all times', () => {
    const refused = expect.objectContaining({ code: 'DESERIALIZATION_FAILED' });
    expect(() => timeWindowedSerde(stringSerde, 1).deserialize(new Uint8Array(7))).toThrowError(refused);
    expect(() => sessionWindowedSerde(stringSerde).deserialize(new Uint8Array(15))).toThrowError(refused);
    expect(() => timeWindowedSerde(stringSerde, 1).deserialize(new Uint8Array(8).fill(0x7f))).toThrowError(refused);
  });

  it('go to the partition of their key', () => {
    const builder = new StreamsBuilder();
    builder
      .stream('in', serdes)
      .groupByKey()
      .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 0 }))
      .reduce({ name: 'last', reducer: (_all, value) => value })
      .toStream()
      .to('out');
    const driver = new TopologyTestDriver(builder.build(), { partitions: 4 });
    const input = driver.inputTopic('in', serdes);
    for (let i = 0; i < 40; i++) input.pipe(`key${i % 8}`, 'v', { timestamp: i * 10 });
    const partitionOf = new Map<string, Set<number>>();
    const output = driver.outputTopic('out', { key: timeWindowedSerde(stringSerde, 10), value: stringSerde });
    for (const { key, partition } of output.readAll()) {
      partitionOf.set(key!.key, (partitionOf.get(key!.key) ?? new Set()).add(partition));
    }
    expect(partitionOf.size).toBe(8);
    for (const partitions of partitionOf.values()) expect(partitions.size).toBe(1);
    expect(new Set([...partitionOf.values()].flatMap((each) => [...each])).size).toBeGreaterThan(1);
  });
});
