import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { differences } from './compare.ts';
import { generate } from './generate/generate.ts';
import { Oracle } from './oracle.ts';
import { hasNoInternalTopic } from './partitioned.ts';
import { run } from './run.ts';
import { readScenarios, survivesCrashes } from './scenario.ts';

const at = (directory: string) => fileURLToPath(new URL(directory, import.meta.url));
const stored = readScenarios(at('./partitioned'));
const cases = readScenarios(at('./cases'));
const PARTITIONS = 4;
/** Drawn anew with each run of the test: a few of what is cheap to ask. */
const FRESH = ['window_close', 'tt_join', 'st_join', 'suppress_time'];

describe('over four partitions', () => {
  it('each gives what Kafka Streams gives for its part of the input', () => {
    for (const scenario of stored) {
      expect(scenario.partitions).toBe(PARTITIONS);
      const options = { partitions: PARTITIONS };
      expect(differences(scenario.expected, run(scenario, options)), scenario.name).toEqual([]);
      if (!survivesCrashes(scenario)) continue;
      const crashed = run(scenario, { ...options, crashEvery: 3 });
      expect(differences(scenario.expected, crashed), `${scenario.name}, crashing`).toEqual([]);
    }
  });

  it('every case without an internal topic is among them, and others with keys for all partitions', () => {
    const names = new Set(stored.map(({ name }) => name));
    const due = cases.filter(hasNoInternalTopic).map(({ name }) => name);
    expect(due.filter((name) => !names.has(name))).toEqual([]);
    expect(names.size - due.length).toBeGreaterThanOrEqual(30);
  });

  it('it is not what one partition gives: time is told by partition', () => {
    const differing = stored.filter((scenario) => differences(scenario.expected, run(scenario)).length > 0);
    expect(differing.length).toBeGreaterThan(10);
  });
});

describe('Kafka Streams itself, asked now', () => {
  const oracle = Oracle.find(at('./oracle'), { mayFetch: false });

  it.skipIf('problem' in oracle)('agrees on scenarios that nobody has seen', { timeout: 120_000 }, () => {
    if ('problem' in oracle) return;
    const seed = Math.floor(Date.now() / 1000);
    const drafts = FRESH.map((family) => generate({ family, seed, steps: 30 }));
    for (const scenario of oracle.ask(drafts)) {
      if (scenario === undefined) continue;
      expect(differences(scenario.expected, run(scenario)), scenario.name).toEqual([]);
    }
    const wide = [...'abcdefghijkl'];
    const split = FRESH.map((family) => generate({ family, seed, steps: 30, keys: wide })).filter((draft) =>
      hasNoInternalTopic({ ...draft, expected: [] }),
    );
    for (const scenario of oracle.ask(split, PARTITIONS)) {
      if (scenario === undefined) continue;
      const actual = run(scenario, { partitions: PARTITIONS });
      expect(differences(scenario.expected, actual), `${scenario.name}, partitioned`).toEqual([]);
    }
  });
});
