import { StreamsBuilder } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { text } from '../text-serde.ts';

const serdes = { key: text, value: text };

describe('time', () => {
  it('a task takes the record with the smallest timestamp among its topics, and event time from the extractor', () => {
    const builder = new StreamsBuilder();
    const left = builder.stream('left', { ...serdes, timestampExtractor: (record) => Number(record.value) });
    left.merge(builder.stream('right', serdes)).to('out');
    const driver = new TopologyTestDriver(builder.build());
    driver.inputTopic('left', serdes).pipe('a', '42', { timestamp: 1 });
    driver.inputTopic('left', serdes).pipe('a', 'not a number', { timestamp: 1 });
    expect(
      driver
        .outputTopic('out', serdes)
        .readAll()
        .map(({ timestamp }) => timestamp),
    ).toEqual([42]);
    expect(driver.outputTopic('left.dlq', serdes).readAll()).toHaveLength(1);
  });
});
