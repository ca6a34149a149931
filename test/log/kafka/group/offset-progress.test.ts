import { describe, expect, it } from 'vitest';
import { FetchPosition } from '../../../../src/log/kafka/fetch/fetch-position.ts';
import { OffsetProgress } from '../../../../src/log/kafka/group/offset-progress.ts';
import { Ownership } from '../../../../src/log/kafka/group/ownership.ts';

const place = { topic: 'in', partition: 0 };

function member() {
  let [epoch, now] = [0, 0];
  const prepared = { ...place, topicId: 'id', offset: 10, start: 0, end: 10 };
  const ownership = new Ownership('m', () => ++epoch);
  ownership.assign([place], true);
  ownership.prepared([prepared]);
  const position = new FetchPosition(prepared);
  const progress = new OffsetProgress({ ownership, positionOf: () => position, clock: () => now });
  return {
    ownership,
    position,
    progress,
    silentFor: (milliseconds: number) => {
      now += milliseconds;
    },
    passed: () => progress.passed().map(({ offset }) => offset),
  };
}

describe('the offsets that a commit carries', () => {
  it('are those of all partitions, as the work says', () => {
    const { ownership, progress } = member();
    expect(progress.offsetsWith([])).toEqual([{ ...place, offset: 10 }]);
    expect(progress.offsetsWith([{ ...place, offset: 11 }])).toEqual([{ ...place, offset: 11 }]);
    ownership.noteCommitted([{ ...place, offset: 11 }]);
    expect(progress.offsetsWith([])).toEqual([{ ...place, offset: 11 }]);
  });

  it('go on in a silence over what is no record, and only there', () => {
    const { ownership, position, silentFor, passed } = member();
    // A record at 10, a marker at 11.
    position.handedOut = 11;
    position.offset = 12;
    silentFor(1_000);
    // Handed out is not processed.
    expect(passed()).toEqual([]);
    ownership.noteCommitted([{ ...place, offset: 11 }]);
    silentFor(999);
    expect(passed()).toEqual([]);
    silentFor(1);
    expect(passed()).toEqual([12]);
    // It is tried again later where that failed, and not at once.
    expect(passed()).toEqual([]);
    silentFor(1_000);
    expect(passed()).toEqual([12]);
    ownership.noteCommitted([{ ...place, offset: 12 }]);
    silentFor(1_000);
    expect(passed()).toEqual([]);
  });

  it('know no silence while records come, and none of what was sought again', () => {
    const { position, progress, silentFor, passed } = member();
    position.offset = 11;
    silentFor(999);
    progress.handedOut([]);
    silentFor(999);
    expect(passed()).toEqual([]);
    position.seek(10);
    silentFor(1);
    expect(passed()).toEqual([]);
  });
});
