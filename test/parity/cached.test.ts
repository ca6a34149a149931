import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { differences } from './compare.ts';
import { run } from './run.ts';
import { readScenarios } from './scenario.ts';

const at = (directory: string) => fileURLToPath(new URL(directory, import.meta.url));
/** With what Kafka Streams makes of them when its record cache has a size. */
const scenarios = readScenarios(at('./cached'));

describe('with every table cached and a commit after each record', () => {
  it('what Kafka Streams sends, Headrace sends', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(30);
    for (const scenario of scenarios) {
      expect(differences(scenario.expected, run(scenario, { isCached: true })), scenario.name).toEqual([]);
    }
  });

  it('and that is not what it sends without a cache', () => {
    for (const scenario of scenarios) {
      expect(differences(scenario.expected, run(scenario)), scenario.name).not.toEqual([]);
    }
  });
});
