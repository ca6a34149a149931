import { type KStream, type KTable, StreamsBuilder } from 'headrace';
import { TopologyTestDriver, type TopologyTestDriverOptions } from 'headrace/testing';
import type { Headers } from '../../../src/log/record.ts';
import { text } from '../../text-serde.ts';

export const serdes = { key: text, value: text };
export const grouped = { ...serdes, name: 'by' };

export type Row = readonly [key: string, value: string | null, timestamp?: number];

/** From the stream `in` to the topic `out`, both text; nothing is committed before commit(), unless the options say so. */
export function subject(build: (stream: KStream<string, string>) => void, options: TopologyTestDriverOptions = {}) {
  const builder = new StreamsBuilder();
  build(builder.stream('in', serdes));
  return driven(builder, options);
}

export function driven(builder: StreamsBuilder, options: TopologyTestDriverOptions = {}) {
  const driver = new TopologyTestDriver(builder.build(), { commit: 'manual', ...options });
  const output = driver.outputTopic('out', serdes);
  const pipe = (rows: readonly Row[], topic = 'in') => {
    for (const [key, value, timestamp = 0] of rows) {
      const headers = [['from', Buffer.from(`${key}=${value}`)]] as const;
      driver.inputTopic(topic, serdes).pipe(key, value, { timestamp, headers });
    }
  };
  const read = () => output.readAll().map(({ key, value, timestamp }) => [key, value, timestamp]);
  const commit = () => {
    driver.commit();
    return read();
  };
  return { driver, output, pipe, read, commit };
}

/** Options of an aggregate that puts the values of a key together; `delete` deletes it. */
export const joined = {
  name: 'joined',
  initializer: () => '',
  aggregator: (_key: string, value: string, all: string) => (value === 'delete' ? null : `${all}${value}`),
  value: text,
};

export function send(table: KTable<string, string>): void {
  table.toStream().to('out', serdes);
}

export function textOf(headers: Headers): string {
  return headers.map(([name, value]) => `${name}: ${Buffer.from(value!).toString()}`).join('\n');
}
