import { describe, expect, it } from 'vitest';
import type { Letter } from '../../../src/app/dead-letters/letters.ts';
import { WaitingLetters } from '../../../src/app/dead-letters/waiting-letters.ts';
import { discardedHeaders, parkedHeaders } from '../../../src/runtime/replay.ts';

const place = { application: 'app', behind: 'in-1@7' };

function letter(offset: number, headers: Letter['record']['headers']): Letter {
  return {
    topic: 'in.dlq',
    partition: 1,
    record: { offset, timestamp: 0, key: Buffer.from('k'), value: null, headers },
  };
}
const parked = (offset: number, sequence: number, of = place) => letter(offset, parkedHeaders({ ...of, sequence }));

function waitingFor(next: number, last: number, letters: readonly Letter[]): WaitingLetters {
  const keys = [{ episode: 7, next, last }];
  const waiting = new WaitingLetters([{ application: 'app', topic: 'in', partition: 1, keys, dropped: 0 }]);
  for (const each of letters) waiting.add(each);
  return waiting;
}

describe('WaitingLetters', () => {
  it('goes by the committed state, and takes the newest letter of each sequence', () => {
    const letters = [parked(0, 0), parked(1, 1), parked(2, 2), parked(3, 1), parked(4, 3)];
    const waiting = waitingFor(1, 3, letters);
    expect(letters.map((each) => waiting.statusOf(each))).toEqual(['over', 'over', 'waits', 'next', 'waits']);
    expect(waiting.keys()).toEqual([{ ...place, next: 1, last: 3, letters: [letters[3], letters[2], letters[4]] }]);
    expect(waiting.nextBefore(letters[4]!)).toBe(letters[3]);
  });

  it('knows what waits no more: of an earlier waiting, of another application, discarded', () => {
    const letters = [
      parked(0, 0, { ...place, behind: 'in-1@6' }),
      parked(1, 0, { ...place, behind: 'in-0@7' }),
      parked(2, 0, { ...place, application: 'other' }),
      letter(3, discardedHeaders({ ...place, sequence: 0, discard: { by: 'anna', why: 'never' } })),
    ];
    const waiting = waitingFor(0, 0, letters);
    expect(letters.map((each) => waiting.statusOf(each))).toEqual(['over', 'over', 'over', 'over']);
    expect(waiting.statusOf(letter(4, []))).toBeUndefined();
    expect(waiting.keys()).toMatchObject([{ letters: [] }]);
  });
});
