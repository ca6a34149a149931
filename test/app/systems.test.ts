import { expect, test } from 'vitest';
import { sinkTables } from '../../src/app/sink-tables.ts';
import { DEAD_LETTER_TOPICS, systemsOf, topicsBetween, topicsOf } from '../../src/app/systems.ts';
import { deadLetterTopic } from '../../src/runtime/dead-letter.ts';

test('every topic that a system writes and no other one reads has a table, and so has every topic of dead letters', () => {
  const systems = systemsOf({});
  const internal = new Set(topicsBetween(systems));
  const inputs = new Set(
    systems.flatMap(({ topology }) =>
      topology.plan.subTopologies.flatMap(({ sources }) => sources.map((s) => s.topic.name)),
    ),
  );
  const wanted = topicsOf(1)
    .map(({ name }) => name)
    .filter((name) => !internal.has(name) && !inputs.has(name));
  const there = sinkTables.map(({ topic }) => topic);
  expect(there).toEqual(expect.arrayContaining(wanted));
  expect(there).toContain('atm.dispense.failed');
  expect([...inputs].map(deadLetterTopic).sort()).toEqual([...DEAD_LETTER_TOPICS].sort());
  expect(there).toEqual(expect.arrayContaining([...DEAD_LETTER_TOPICS]));
});

test('what the systems say to each other is known, so that a drain can follow it', () => {
  expect(topicsBetween(systemsOf({}))).toEqual([
    'atm.dispense.failed',
    'atm.settlements',
    'ledger.commands',
    'ledger.outcomes',
  ]);
});
