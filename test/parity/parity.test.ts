import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { differences } from './compare.ts';
import { families } from './generate/families.ts';
import { topologyOf } from './interpreter.ts';
import { Unsupported } from './made.ts';
import { run } from './run.ts';
import { readScenarios, survivesCrashes } from './scenario.ts';

const at = (directory: string) => fileURLToPath(new URL(directory, import.meta.url));
const scenarios = readScenarios(at('./cases'));
/** Drawn by generate/; the oracle wrote what Kafka Streams makes of them. */
const generated = readScenarios(at('./generated'));
describe('what Kafka Streams makes of a scenario, Headrace does', () => {
  it('all 57 cases are there', () => {
    expect(scenarios).toHaveLength(57);
  });

  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    expect(differences(scenario.expected, run(scenario))).toEqual([]);
  });

  it.each(scenarios.filter(survivesCrashes).map((scenario) => [scenario.name, scenario] as const))(
    '%s, with a crash and a replay after every few records',
    (_name, scenario) => {
      expect(differences(scenario.expected, run(scenario, { crashEvery: 3 }))).toEqual([]);
    },
  );

  it('also of operators in any combination', () => {
    expect(generated.length).toBeGreaterThanOrEqual(200);
    for (const scenario of generated) {
      expect(differences(scenario.expected, run(scenario)), scenario.name).toEqual([]);
      if (!survivesCrashes(scenario)) continue;
      const crashed = run(scenario, { crashEvery: 2 });
      expect(differences(scenario.expected, crashed), `${scenario.name}, crashing`).toEqual([]);
    }
  });

  it('of every family there is something', () => {
    const drawn = new Set(generated.map(({ name }) => name.replace(/-\d+$/, '')));
    expect(Object.keys(families).filter((family) => !drawn.has(family))).toEqual([]);
  });

  it('what it does not have is refused by name, not misread', () => {
    const scenario = { ...scenarios[0]!, topology: [{ op: 'fly' }] };
    expect(() => topologyOf(scenario)).toThrow(Unsupported);
  });
});

describe('the comparison', () => {
  const record = { topic: 't', key: 'k', value: 'v', ts: 1 };
  it.each([
    ['a record too few', []],
    ['a record too many', [record, record]],
    ['another value', [{ ...record, value: 'w' }]],
    ['another time', [{ ...record, ts: 2 }]],
    ['another key', [{ ...record, key: null }]],
  ])('sees %s', (_what, actual) => {
    expect(differences([record], actual)).not.toEqual([]);
    expect(differences(actual, [record])).not.toEqual([]);
  });

  it('does not compare the order of different keys', () => {
    const other = { ...record, key: 'other' };
    expect(differences([record, other], [other, record])).toEqual([]);
  });
});
