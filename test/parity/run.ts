import { stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { withEveryTableCached } from './cached.ts';
import { topologyOf } from './interpreter.ts';
import type { Emitted, Scenario } from './scenario.ts';

const strings = { key: stringSerde, value: stringSerde };

export interface RunOptions {
  /** Crashes before the commit after so many records, so that they are processed again. */
  readonly crashEvery?: number;
  /** Of every topic (1). */
  readonly partitions?: number;
  /** With every table cached. */
  readonly isCached?: boolean;
}

/** Runs a scenario on the driver and returns what came out, in order. */
export function run(
  scenario: Scenario,
  { crashEvery, partitions = 1, isCached = false }: RunOptions = {},
): readonly Emitted[] {
  const { topology: made, outputs } = topologyOf(scenario);
  const topology = isCached ? withEveryTableCached(made) : made;
  const commit = crashEvery === undefined ? 'each' : 'manual';
  const driver = new TopologyTestDriver(topology, { startTimeMs: 0, commit, partitions });
  const emitted: Emitted[] = [];
  const readers = outputs.map((topic) => [topic, driver.outputTopic(topic, strings)] as const);
  let steps = 0;
  for (const step of scenario.input) {
    if ('advanceWallClockMs' in step) driver.advanceTime(step.advanceWallClockMs);
    else {
      const { topic, key = null, value = null, ts: timestamp } = step;
      driver.inputTopic(topic, strings).pipe(key, value, { timestamp });
    }
    if (crashEvery !== undefined) {
      if (++steps % crashEvery === 0) driver.crash();
      // After each record: a replay of several would take those of different topics in the order of time, not of arrival.
      driver.commit();
    }
    for (const [topic, reader] of readers) {
      for (const { key, value, timestamp } of reader.readAll()) emitted.push({ topic, key, value, ts: timestamp });
    }
  }
  driver.commit();
  for (const [topic, reader] of readers) {
    for (const { key, value, timestamp } of reader.readAll()) emitted.push({ topic, key, value, ts: timestamp });
  }
  return emitted;
}
