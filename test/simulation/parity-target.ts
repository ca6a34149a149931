import type { SimulatedApplication, SimulationOptions } from '../../src/testing/simulation/simulation-options.ts';
import { withEveryTableCached } from '../parity/cached.ts';
import { topologyOf } from '../parity/interpreter.ts';
import type { Scenario } from '../parity/scenario.ts';

const RECORDS_MIN = 10;
const RECORDS_MAX = 30;
/** Events and records in less time are as many. */
const STORM_MS = 2_000;

export interface ParityTargetOptions extends Pick<SimulatedApplication, 'idleAfterMs' | 'parkKeys'> {
  /** With every table cached. */
  readonly isCached?: boolean;
}

/** A parity scenario as a simulation: each run gets another part of its input, in its order. */
export function parityTarget(
  scenario: Scenario,
  { isCached = false, ...application }: ParityTargetOptions = {},
): SimulationOptions {
  const made = topologyOf(scenario).topology;
  const topology = isCached ? withEveryTableCached(made) : made;
  const records = scenario.input.flatMap((step) => {
    if ('advanceWallClockMs' in step) return [];
    const { topic, key = null, value = null, ts: timestamp } = step;
    return [{ topic, key, value, timestamp }];
  });
  return {
    applications: [{ application: 'parity', topology, ...application }],
    stormMs: STORM_MS,
    input: (draw) => {
      const count = Math.min(records.length, RECORDS_MIN + draw.below(RECORDS_MAX - RECORDS_MIN + 1));
      const start = draw.below(records.length - count + 1);
      return records.slice(start, start + count);
    },
  };
}
