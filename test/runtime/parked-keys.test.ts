import { describe, expect, it } from 'vitest';
import { SHARED_PARKED_STORE } from '../../src/runtime/engine-stores.ts';
import { committedParking, keysMaxOf, ParkedKeys, parkedBuffer, parkedName } from '../../src/runtime/parked-keys.ts';
import { WriteBuffer } from '../../src/state/write-buffer.ts';
import { MemoryState } from '../../src/testing/memory-state.ts';

const source = { topic: 'in', partition: 0 };
const asItIs = (text: string) => text;
const key = (text: string) => parkedName(Buffer.from(text), asItIs);

function open(state = new MemoryState(), keysMax = 10, topic = 'in') {
  const shared = new WriteBuffer(SHARED_PARKED_STORE, 0, state.partition(SHARED_PARKED_STORE, 0));
  const buffer = parkedBuffer(state, { topic, partition: 0 }, shared);
  const parked = new ParkedKeys(buffer, { topic, partition: 0 }, keysMax);
  const commit = () => {
    for (const each of [buffer, shared]) {
      const changes = each.changes();
      if (changes !== undefined) state.apply([changes]);
      each.markCommitted();
    }
  };
  return { state, parked, commit };
}

describe('ParkedKeys', () => {
  it('comes back from the committed state as it was, and a key is free behind the last of its records', () => {
    const { state, parked, commit } = open();
    const begun = parked.begin(key('a'), 17)!;
    expect(parked.append(key('a'), begun)).toBe(1);
    parked.begin(key('b'), 18);
    commit();
    parked.begin(key('never committed'), 19);
    const again = open(state);
    expect(again.parked.count).toBe(2);
    expect(again.parked.of(key('a'))).toEqual({ episode: 17, next: 0, last: 1 });
    again.parked.advance(key('a'), again.parked.of(key('a'))!);
    again.parked.advance(key('a'), again.parked.of(key('a'))!);
    again.parked.noteDropped();
    again.commit();
    expect(open(state).parked.of(key('a'))).toBeUndefined();
    expect(committedParking(state, source)).toEqual({
      keys: [{ episode: 18, next: 0, last: 0 }],
      dropped: 1,
    });
  });

  it('holds the keys of several topics apart, and keys of any bytes and any length', () => {
    const state = new MemoryState();
    const topics = ['in', 'in.more', 'i'];
    const keys = [
      new Uint8Array(0),
      Uint8Array.of(0),
      Uint8Array.of(255, 0),
      Buffer.alloc(1_024, 7),
      Buffer.alloc(1_025, 7),
      Buffer.alloc(99_999, 7),
    ];
    for (const topic of topics) {
      const { parked, commit } = open(state, 10, topic);
      keys.forEach((each, offset) => void parked.begin(parkedName(each, asItIs), offset));
      commit();
    }
    for (const topic of topics) {
      const { parked } = open(state, 10, topic);
      expect(parked.count).toBe(keys.length);
      expect(keys.map((each) => parked.of(parkedName(each, asItIs))?.episode)).toEqual([0, 1, 2, 3, 4, 5]);
      expect(committedParking(state, { topic, partition: 0 })).toMatchObject({
        keys: { length: 6 },
        dropped: 0,
      });
    }
  });

  it('goes on with what an earlier release kept in one store for all topics, which moves with the first commit', () => {
    const state = new MemoryState();
    const shared = () => state.partition(SHARED_PARKED_STORE, 0);
    for (const topic of ['in', 'in.more']) {
      const buffer = new WriteBuffer(SHARED_PARKED_STORE, 0, shared());
      const parked = new ParkedKeys(buffer, { topic, partition: 0 }, 10);
      parked.begin(key('a'), 17);
      parked.begin(parkedName(Buffer.alloc(1_025, 7), asItIs), 18);
      parked.noteDropped();
      state.apply([buffer.changes()!]);
    }
    const before = committedParking(state, source);
    expect(before).toMatchObject({ keys: { length: 2 }, dropped: 1 });
    const { parked, commit } = open(state);
    expect(parked.of(key('a'))).toEqual({ episode: 17, next: 0, last: 0 });
    expect(committedParking(state, source)).toEqual(before);
    commit();
    expect(committedParking(state, source)).toEqual(before);
    expect([...shared().range()].every(([stored]) => stored.startsWith('in.more\u0000'))).toBe(true);
    const again = open(state);
    again.parked.advance(key('a'), again.parked.of(key('a'))!);
    again.parked.noteDropped();
    again.commit();
    expect(open(state).parked.of(key('a'))).toBeUndefined();
    expect(committedParking(state, source)).toMatchObject({ keys: { length: 1 }, dropped: 2 });
    expect(open(state, 10, 'in.more').parked.count).toBe(2);
  });

  it('parks no more keys than it may: the worker must end rather than let a key lose its order', () => {
    const { parked } = open(new MemoryState(), 2);
    parked.begin(key('a'), 1);
    parked.begin(key('b'), 2);
    expect(() => parked.begin(key('c'), 3)).toThrow(
      expect.objectContaining({ code: 'PARKED_KEYS_FULL', where: { ...source, offset: 3 } }),
    );
    parked.advance(key('a'), parked.of(key('a'))!);
    expect(parked.begin(key('c'), 3)).toEqual({ episode: 3, next: 0, last: 0 });
  });

  it('parks no further key once it is turned off, and those that are parked wait on', () => {
    const { state, parked, commit } = open();
    parked.begin(key('a'), 1);
    commit();
    const off = open(state, 0).parked;
    expect(off.begin(key('b'), 2)).toBeUndefined();
    expect(off.append(key('a'), off.of(key('a'))!)).toBe(1);
  });

  it('is off by default, and takes a number of keys', () => {
    expect([
      keysMaxOf({}),
      keysMaxOf({ parkKeys: false }),
      keysMaxOf({ parkKeys: true }),
      keysMaxOf({ parkKeys: { keysMax: 5 } }),
    ]).toEqual([0, 0, 10_000, 5]);
    expect(() => keysMaxOf({ parkKeys: { keysMax: 0 } })).toThrow(
      expect.objectContaining({ code: 'TOPOLOGY_INVALID' }),
    );
  });
});
