import type { CommittedPartition, CommittedState } from '../log/log.ts';
import { WriteBuffer } from '../state/write-buffer.ts';

/**
 * The engine's own stores; names that begin with "__" belong to it. Each source topic has its own, so that partition p of each is
 * written by one task only, whoever owns the other sub-topologies.
 */
export function timeStoreOf(topic: string): string {
  return `${SHARED_TIME_STORE}.${topic}`;
}

export function parkedStoreOf(topic: string): string {
  return `${SHARED_PARKED_STORE}.${topic}`;
}

/** Earlier releases kept those of all sub-topologies in one store each. What is there is still read, and moves with the next writes. */
export const SHARED_TIME_STORE = '__time';
export const SHARED_PARKED_STORE = '__parked';

/** The times of a task, by the source topic on which their operators hang. */
export class TimeBuffers {
  readonly #state: CommittedState;
  readonly #partition: number;
  readonly #buffers: Map<string, WriteBuffer>;

  /** A buffer is added to `buffers`, under its store's name, when it is first asked for. */
  constructor(state: CommittedState, partition: number, buffers: Map<string, WriteBuffer>) {
    this.#state = state;
    this.#partition = partition;
    this.#buffers = buffers;
  }

  of(topic: string): WriteBuffer {
    const store = timeStoreOf(topic);
    const existing = this.#buffers.get(store);
    if (existing !== undefined) return existing;
    const present = this.#state.partition(store, this.#partition);
    const earlier = this.#state.partition(SHARED_TIME_STORE, this.#partition);
    const made = new WriteBuffer(store, this.#partition, withEarlier(present, earlier));
    this.#buffers.set(store, made);
    return made;
  }
}

/** Times are only ever replaced, never deleted: what an earlier release wrote holds until there is something newer. */
function withEarlier(present: CommittedPartition, earlier: CommittedPartition): CommittedPartition {
  return {
    get: (key) => present.get(key) ?? earlier.get(key),
    range: (from, to, reverse) => present.range(from, to, reverse),
  };
}
