import { expect, it } from 'vitest';
import { seededRandom } from '../../../src/random.ts';
import { SINK_STEPS } from '../../../src/runtime/sink/sink-options.ts';
import { SINK_PLACES } from './sink-orders.ts';
import { scheduleSinkKills } from './sink-schedule.ts';

const SHORT = 15;

it.each([SHORT, 200])('%d kills have every step, between tables, within an insert, and the engine alone', (kills) => {
  const plan = scheduleSinkKills(kills, seededRandom(1), true);
  expect(plan).toHaveLength(kills);
  for (const place of SINK_PLACES) expect(plan.map(({ kind }) => kind)).toContain(place);
  for (const who of ['server', 'engine', 'embedded']) expect(plan.map((kill) => kill.who)).toContain(who);
  for (const who of ['engine', 'embedded'])
    expect(plan.filter((kill) => kill.who === who).map(({ kind }) => kind)).toContain('rename');
  for (const fault of ['answers', 'refusal', 'stopped-writer'] as const)
    expect(plan.some(({ faults }) => faults.includes(fault))).toBe(true);
});

it('200 kills have each step six times or more with the engine and without', () => {
  const plan = scheduleSinkKills(200, seededRandom(1), true);
  for (const who of ['server', 'embedded'])
    for (const step of SINK_STEPS)
      expect(plan.filter((kill) => kill.who === who && kill.kind === step).length).toBeGreaterThanOrEqual(6);
});

it('the same seed gives the same kills, and none waits for a tool that is missing', () => {
  const [first, second, other] = [7, 7, 8].map((seed) => scheduleSinkKills(50, seededRandom(seed), false));
  expect(first).toEqual(second);
  expect(first).not.toEqual(other);
  expect(first!.filter(({ kind }) => kind === 'rename')).toEqual([]);
});
