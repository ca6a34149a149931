import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/random.ts';
import { Bank } from './bank.ts';
import { endingOf, LETTERS, sequences } from './orders.ts';
import { play, Witness } from './witness.ts';

/** A bank for so many withdrawals: its topics stay short. */
const PER_BANK = 250;

interface Manner {
  readonly talks: number;
  readonly crashes: number;
}

/** Plays sequences and returns what went otherwise than it must. */
function failures(all: readonly string[], { talks, crashes }: Manner, seed: number): readonly string[] {
  const random = seededRandom(seed);
  const found: string[] = [];
  for (let start = 0; start < all.length; start += PER_BANK) {
    const part = all.slice(start, start + PER_BANK);
    const bank = new Bank({
      startTimeMs: Date.parse('2026-06-15T12:00:00Z'),
      answerWithinMs: 1_000_000,
      crashes: () => random.next() < crashes,
    });
    const stories = part.map((sequence) => ({
      sequence,
      story: play(bank, `w ${sequence}`, sequence, { talksBefore: () => random.next() < talks }),
    }));
    const witness = new Witness();
    witness.listen(bank);
    for (const { sequence, story } of stories) {
      const [is, due] = [witness.endingOf(`w ${sequence}`), endingOf(story)];
      const faults = witness.faultsOf(`w ${sequence}`);
      if (JSON.stringify(is) !== JSON.stringify(due)) {
        found.push(`${story}: ${JSON.stringify(is)} instead of ${JSON.stringify(due)}`);
      }
      for (const fault of faults) found.push(`${story}: ${fault}`);
    }
  }
  return found;
}

const upTo = (longest: number) => [...sequences(LETTERS, longest)];

describe('every order and repetition of what can happen to a withdrawal', () => {
  it.each([
    ['the systems talk after each record', { talks: 1, crashes: 0 }],
    ['the systems talk late', { talks: 0, crashes: 0 }],
    ['the systems talk now and then, and every commit is preceded by a crash', { talks: 0.5, crashes: 1 }],
    ['the systems talk and crash as they like', { talks: 0.5, crashes: 0.3 }],
  ])('ends as it must, up to four records, when %s', (_how, manner) => {
    expect(failures(upTo(4), manner, 1)).toEqual([]);
  });

  it('ends as it must, up to six records', { timeout: 300_000 }, () => {
    const all = upTo(6);
    expect(all).toHaveLength(55_986);
    expect(failures(all, { talks: 0.5, crashes: 0.2 }, 2)).toEqual([]);
  });
});
