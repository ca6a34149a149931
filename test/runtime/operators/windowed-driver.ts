import { type KGroupedStream, type KTable, StreamsBuilder, type Windowed } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { text } from '../../text-serde.ts';

const serdes = { key: text, value: text };

export type Row = readonly [key: string, value: string | null, timestamp: number];

/** A windowed table of text under test, written out as `key@start/end`. */
export class WindowedDriver {
  readonly driver: TopologyTestDriver;

  constructor(
    make: (grouped: KGroupedStream<string, string>) => KTable<Windowed<string>, string>,
    commit: 'each' | 'manual' = 'each',
  ) {
    const builder = new StreamsBuilder();
    make(builder.stream('in', serdes).groupByKey())
      .toStream()
      .map(({ key, window }, value) => [`${key}@${window.start}/${window.end}`, value])
      .to('out', serdes);
    this.driver = new TopologyTestDriver(builder.build(), { commit });
  }

  pipe(key: string | null, value: string | null, timestamp: number): void {
    this.driver.inputTopic('in', serdes).pipe(key, value, { timestamp });
  }

  /** What came out since the last call. */
  rows(): readonly Row[] {
    return this.driver
      .outputTopic('out', serdes)
      .readAll()
      .map(({ key, value, timestamp }) => [key!, value, timestamp]);
  }

  /** Pipes records one by one and returns all that came out. */
  run(records: readonly (readonly [key: string | null, value: string | null, timestamp: number])[]): readonly Row[] {
    for (const [key, value, timestamp] of records) this.pipe(key, value, timestamp);
    this.driver.commit();
    return this.rows();
  }
}

/** Appends values with a dot between, so that the order shows. */
export const joined = {
  initializer: () => '',
  aggregator: (_key: string, value: string, all: string) => `${all}.${value}`,
  value: text,
};
