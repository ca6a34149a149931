import { describe, expect, it } from 'vitest';
import { SHARED_TIME_STORE, TimeBuffers, timeStoreOf } from '../../src/runtime/engine-stores.ts';
import { OperatorTime } from '../../src/runtime/operator-time.ts';
import { WriteBuffer } from '../../src/state/write-buffer.ts';
import { MemoryState } from '../../src/testing/memory-state.ts';

describe('TimeBuffers', () => {
  it('keeps a store for each source topic, and goes on with the times of an earlier release, which kept one for all', () => {
    const state = new MemoryState();
    const earlier = new WriteBuffer(SHARED_TIME_STORE, 3, state.partition(SHARED_TIME_STORE, 3));
    new OperatorTime(earlier, 'counts').advance(1_000);
    new OperatorTime(earlier, 'sums').advance(2_000);
    state.apply([earlier.changes()!]);

    const buffers = new Map<string, WriteBuffer>();
    const times = new TimeBuffers(state, 3, buffers);
    const counts = new OperatorTime(times.of('a'), 'counts');
    expect([counts.now, new OperatorTime(times.of('b'), 'sums').now]).toEqual([1_000, 2_000]);
    expect(new OperatorTime(times.of('b'), 'new').now).toBe(-1);
    counts.advance(1_500);
    for (const buffer of buffers.values()) {
      const changes = buffer.changes();
      if (changes !== undefined) state.apply([changes]);
    }

    expect([...buffers.keys()]).toEqual([timeStoreOf('a'), timeStoreOf('b')]);
    expect([...state.partition(timeStoreOf('a'), 3).range()]).toHaveLength(1);
    expect([...state.partition(timeStoreOf('b'), 3).range()]).toEqual([]);
    const again = new TimeBuffers(state, 3, new Map());
    expect(new OperatorTime(again.of('a'), 'counts').now).toBe(1_500);
    expect(new OperatorTime(again.of('b'), 'sums').now).toBe(2_000);
  });
});
