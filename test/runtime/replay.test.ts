import { describe, expect, it } from 'vitest';
import {
  discardOf,
  offsetIn,
  ownHeaders,
  parkedHeaders,
  parkedPlaceOf,
  placeOf,
  replayOf,
  replayRecord,
  sourceOf,
} from '../../src/runtime/replay.ts';

const place = { application: 'app', behind: 'a-b.c-3@17', sequence: 2 };
const trace = ['trace', Buffer.from('t')] as const;
const letter = (headers = parkedHeaders(place)) => ({
  timestamp: 42,
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [trace, ['__streams.errors.offset', Buffer.from('17')] as const, ...headers],
});

describe('places', () => {
  it('name a partition and an offset, also of topics with dashes in their names', () => {
    const source = { topic: 'a-b.c', partition: 3 };
    expect(placeOf(source, 17)).toBe('a-b.c-3@17');
    expect(offsetIn('a-b.c-3@17', source)).toBe(17);
    expect(sourceOf('a-b.c-3@17')).toEqual(source);
    for (const other of ['a-b.c-4@17', 'a-b.c-3@', 'a-b.c-3@x', 'b.c-3@17', 'a-b.c-3@1e3'])
      expect(offsetIn(other, source)).toBeUndefined();
  });
});

describe('a replay', () => {
  it('is the letter as it came, with its time, and says whose turn it is', () => {
    const { headers, ...record } = replayRecord(letter());
    expect(record).toEqual({
      topic: 'a-b.c',
      partition: 3,
      timestamp: 42,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
    });
    expect(headers![0]).toEqual(trace);
    expect(replayOf(headers!)).toEqual({ ...place, discard: undefined });
    expect(ownHeaders(headers!)).toEqual([trace]);
    expect(parkedPlaceOf(headers!)).toBeUndefined();
  });

  it('may say that the letter is given up, by whom and why', () => {
    const { headers, value } = replayRecord(letter(), { by: 'anna', why: '' });
    expect(replayOf(headers!)).toEqual({ ...place, discard: { by: 'anna', why: '' } });
    // One that comes before its turn goes back as it was.
    expect(value).toEqual(Buffer.from('v'));
    expect(discardOf(headers!)).toBeUndefined();
  });

  it.each([
    ['no place', []],
    ['half a place', parkedHeaders(place).slice(1)],
    ['a sequence that is none', parkedHeaders({ ...place, sequence: 1.5 })],
    ['a place that names no partition', parkedHeaders({ ...place, behind: 'somewhere' })],
  ])('is not made of a letter with %s', (_what, headers) => {
    expect(() => replayRecord(letter(headers))).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});
