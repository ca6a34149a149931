import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, ParkingModel, type ParkingOptions, violationsIn } from './parking-model.ts';

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      key: fc.nat(3),
      breaks: fc.constantFrom('nothing' as const, 'nothing' as const, 'decoding' as const, 'processing' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('replay' as const), picks: fc.array(fc.nat(99), { maxLength: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const), pick: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('mend' as const), pick: fc.nat(99) }) },
  { weight: 3, arbitrary: fc.constant({ do: 'commit' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);

/** Runs a course and looks after each step. */
function violationsOf(actions: readonly Action[], options: ParkingOptions): readonly string[] {
  const model = new ParkingModel(options);
  for (const each of actions) {
    model.act(each);
    const found = model.violations(false);
    if (found.length > 0) return found;
  }
  model.end();
  return model.violations(true);
}

const courses = fc.array(action, { maxLength: 60 });
const holds = (options: ParkingOptions) =>
  fc.property(courses, (actions) => violationsOf(actions, options).length === 0);

describe('later records of a key wait behind its dead letter', () => {
  it('each key is processed in the order of arrival, nothing lost or doubled, whatever is replayed, and however often', () => {
    fc.assert(holds({ parkKeys: true }), { numRuns: 400 });
  });

  it.each<[string, ParkingOptions]>([
    ['records do not wait', { parkKeys: false }],
    ['replays are taken for ordinary records', { parkKeys: true, forgetsReplays: true }],
  ])('the checker notices when %s', (_what, options) => {
    expect(fc.check(holds(options), { numRuns: 400, seed: 1 }).failed).toBe(true);
  });

  it.each<[string, (readonly [string, string])[], string]>([
    ['lost', [['k', 'k:0#1']], 'k: k:1 never came'],
    [
      'doubled',
      [
        ['k', 'k:0#1'],
        ['k', 'k:0#2'],
        ['k', 'k:1#3'],
      ],
      'k: k:0#2 came where k:1#2 was due',
    ],
    [
      'out of order',
      [
        ['k', 'k:1#1'],
        ['k', 'k:0#2'],
      ],
      'k: k:1#1 came where k:0#1 was due',
    ],
    [
      'numbered wrongly, as by a store that was not undone',
      [
        ['k', 'k:0#1'],
        ['k', 'k:1#3'],
      ],
      'k: k:1#3 came where k:1#2 was due',
    ],
  ])('the checker notices a record that is %s', (_what, processed, found) => {
    const arrived = [
      ['k', 'k:0'],
      ['k', 'k:1'],
    ] as const;
    expect(violationsIn({ arrived, processed, discarded: new Set(), unparked: new Set(), isEnd: true })).toContain(
      found,
    );
  });
});
