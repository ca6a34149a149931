import type { StreamsBuilder } from 'headrace';
import { describe, expect, it } from 'vitest';
import { planDifferences } from '../../../../src/streams/topology/diff/plan-diff.ts';
import { movesState } from '../../../../src/streams/topology/diff/plan-difference.ts';
import {
  counted,
  type DiffCase,
  expectDifferences,
  input,
  planOf,
  processed,
  regrouped,
  serdes,
  type Wire,
  windowed,
} from './wires.ts';

describe('what moves state', () => {
  it.each<DiffCase>([
    ['nothing', counted('sums'), counted('sums'), []],
    [
      'a repartition that is renamed',
      regrouped('by-word'),
      regrouped('per-word'),
      [
        'loses: repartition topic by-word-repartition looks renamed to per-word-repartition: records under way in it would be lost: let the application drain it first',
        /begins with topic per-word-repartition rather than by-word-repartition/,
      ],
    ],
    [
      'a repartition that goes',
      regrouped('by-word'),
      (b) => input(b).groupByKey().count({ name: 'counts' }),
      [
        /^loses: repartition topic by-word-repartition is removed: records under way/,
        /begins with topic in/,
        /^harmless: .*removed: map rekey/,
      ],
    ],
    [
      'a repartition that comes',
      (b) => input(b).groupByKey().count({ name: 'counts' }),
      regrouped('by-word'),
      [/^changes: repartition topic by-word-repartition is added/, /begins with/, /^harmless: .*added: map rekey/],
    ],
    [
      'partitions',
      regrouped('by-word', 4),
      regrouped('by-word', 8),
      [/^loses: repartition topic by-word-repartition has 4 partitions and would have 8 partitions/],
    ],
    [
      'a processor that is renamed',
      processed('post'),
      processed('book'),
      [
        /^changes: process post looks renamed to book: its stores stay, and what it has scheduled on stream time begins anew/,
      ],
    ],
    [
      'operators without state, in one line',
      (b) =>
        input(b)
          .filter(() => true, { name: 'large' })
          .to('out'),
      (b) =>
        input(b)
          .mapValues((value) => value)
          .peek(() => {}, { name: 'seen' })
          .to('out', serdes),
      ['harmless: operators that keep nothing on disk (added: map 1, peek seen; removed: filter large)'],
    ],
    [
      'other generated numbers, which say nothing',
      counted('sums'),
      (b) => {
        builderNoise(b);
        counted('sums')(b);
      },
      ['harmless: topic noise is read as well, from its beginning'],
    ],
  ])('%s', (_what, before, after, expected) => expectDifferences(before, after, expected));

  it('is told apart from what does not', () => {
    const moves = (before: Wire, after: Wire) => movesState(planDifferences(planOf(before), planOf(after)));
    expect(moves(counted('a'), counted('a'))).toBe(false);
    expect(moves(windowed(1_000, 0), windowed(1_000, 500))).toBe(false);
    expect(moves(counted('a'), counted('b'))).toBe(true);
  });
});

function builderNoise(builder: StreamsBuilder): void {
  builder.stream('noise', serdes);
}
