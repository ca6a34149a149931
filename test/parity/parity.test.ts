import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { differences } from './compare.ts';
import { topologyOf } from './interpreter.ts';
import { Unsupported } from './made.ts';
import { run } from './run.ts';
import { readScenarios, type Scenario } from './scenario.ts';

const at = (directory: string) => fileURLToPath(new URL(directory, import.meta.url));
const scenarios = readScenarios(at('./cases'));
/** Drawn by generate.ts; the oracle wrote what Kafka Streams makes of them. */
const generated = readScenarios(at('./generated'));
/** What a scenario asks for that Headrace does not have yet; a family that comes is taken from here. */
const NOT_YET = /^versioned-/;

/** A punctuation by the wall clock begins anew with the process, as in Kafka Streams. */
function survivesCrashes({ topology }: Scenario): boolean {
  return !topology.some(({ op, kind }) => op === 'ticker' && kind === 'wall');
}

describe('what Kafka Streams makes of a scenario, Headrace does', () => {
  const supported = scenarios.filter(({ name }) => !NOT_YET.test(name));

  it.each(supported.map((scenario) => [scenario.name, scenario] as const))('%s', (_name, scenario) => {
    expect(differences(scenario.expected, run(scenario))).toEqual([]);
  });

  it.each(supported.filter(survivesCrashes).map((scenario) => [scenario.name, scenario] as const))(
    '%s, with a crash and a replay after every few records',
    (_name, scenario) => {
      expect(differences(scenario.expected, run(scenario, { crashEvery: 3 }))).toEqual([]);
    },
  );

  it('also of operators in any combination', () => {
    expect(generated.length).toBeGreaterThanOrEqual(200);
    for (const scenario of generated) {
      expect(differences(scenario.expected, run(scenario)), scenario.name).toEqual([]);
      expect(differences(scenario.expected, run(scenario, { crashEvery: 2 })), `${scenario.name}, crashing`).toEqual(
        [],
      );
    }
  });

  it('and the rest is refused by name, not misread', () => {
    const rest = scenarios.filter(({ name }) => NOT_YET.test(name));
    for (const scenario of rest) expect(() => topologyOf(scenario), scenario.name).toThrow(Unsupported);
    expect(supported.length + rest.length).toBe(57);
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
