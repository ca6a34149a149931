import { describe, expect, it } from 'vitest';
import { FetchPosition } from '../../../../src/log/kafka/fetch/fetch-position.ts';

const prepared = { topic: 't', topicId: 'id', partition: 0, start: 0 };

describe('the end of a partition as it was last heard', () => {
  it('is never before what was committed: with a second assignment it comes from the time of the first', () => {
    expect(new FetchPosition({ ...prepared, offset: 1_816, end: 1_788 }).end).toBe(1_816);
    expect(new FetchPosition({ ...prepared, offset: 10, end: 1_788 }).end).toBe(1_788);
  });

  it('is never before what was handed out: a new leader tells an older high watermark at first', () => {
    const position = new FetchPosition({ ...prepared, offset: 20, end: 20 });
    position.heard(0, 15, 1);
    expect(position.end).toBe(20);
    position.heard(0, 25, 2);
    expect([position.end, position.isCaughtUpAt(2)]).toEqual([25, false]);
  });

  it('goes on with what is handed out: a broker tells the high watermark of before it reads', () => {
    const position = new FetchPosition({ ...prepared, offset: 462, end: 462 });
    position.heard(0, 463, 1);
    position.reached(464);
    expect([position.offset, position.end, position.isCaughtUpAt(1)]).toEqual([464, 464, true]);
  });
});
