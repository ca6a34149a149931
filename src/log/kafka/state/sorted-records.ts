import type { RecordBatch } from '../../record-batch.ts';
import { isResetMark, PARTITION_BYTES } from './changelog-record.ts';

/** Bytes of a key that are looked at, behind what all keys of its store begin with. */
const SORTED_BYTES = 16;
/** The store's ordinal, then those. */
const SORT_KEY_BYTES = 1 + SORTED_BYTES;

interface KeysOfStore {
  readonly ordinal: number;
  readonly first: Uint8Array;
  /** How many bytes all keys of the store begin with. */
  common: number;
}

/**
 * Records of a changelog almost in the order of their keys; of equal keys the order of their offsets. In a changelog keys stand in the order of
 * their last change, and put into a large tree like that each step would write nearly every page again (5,000,000 keys: 67,000 a second).
 */
export class SortedRecords {
  readonly #batches: readonly RecordBatch[];
  readonly #batchOf: Uint32Array;
  readonly #indexOf: Uint32Array;
  readonly #order: Uint32Array;

  /** Those from `fromOffset` on, without marks of a reset. */
  constructor(batches: readonly RecordBatch[], fromOffset: number) {
    this.#batches = batches;
    const most = batches.reduce((sum, { length }) => sum + length, 0);
    const [batchOf, indexOf] = [new Uint32Array(most), new Uint32Array(most)];
    let count = 0;
    for (const [at, batch] of batches.entries()) {
      for (let i = 0; i < batch.length; i++) {
        if (batch.offsetAt(i) < fromOffset || isResetMark(batch.keyAt(i))) continue;
        batchOf[count] = at;
        indexOf[count++] = i;
      }
    }
    this.#batchOf = batchOf.subarray(0, count);
    this.#indexOf = indexOf;
    this.#order = sortedOrder(this.#sortKeys(), count);
  }

  get length(): number {
    return this.#order.length;
  }

  keyAt(place: number): Uint8Array | null {
    return this.#key(this.#order[place]!);
  }

  valueAt(place: number): Uint8Array | null {
    const record = this.#order[place]!;
    return this.#batches[this.#batchOf[record]!]!.valueAt(this.#indexOf[record]!);
  }

  #key(record: number): Uint8Array | null {
    return this.#batches[this.#batchOf[record]!]!.keyAt(this.#indexOf[record]!);
  }

  /** What records are sorted by, SORT_KEY_BYTES for each. */
  #sortKeys(): Uint8Array {
    const count = this.#batchOf.length;
    const stores: KeysOfStore[] = [];
    const storeOf = new Uint32Array(count);
    let present: KeysOfStore | undefined;
    for (let record = 0; record < count; record++) {
      const key = this.#key(record) ?? new Uint8Array(0);
      if (present === undefined || !isOfStore(key, present.first)) {
        present = stores.find(({ first }) => isOfStore(key, first));
        if (present === undefined) {
          present = { ordinal: stores.length, first: key, common: key.length };
          stores.push(present);
        }
      }
      const { first } = present;
      const most = Math.min(present.common, key.length);
      let common = 0;
      while (common < most && key[common] === first[common]) common++;
      present.common = common;
      storeOf[record] = present.ordinal;
    }
    const sortKeys = new Uint8Array(count * SORT_KEY_BYTES);
    for (let record = 0; record < count; record++) {
      const key = this.#key(record) ?? new Uint8Array(0);
      const { ordinal, common } = stores[storeOf[record]!]!;
      const at = record * SORT_KEY_BYTES;
      sortKeys[at] = ordinal;
      const end = Math.min(SORTED_BYTES, key.length - common);
      for (let i = 0; i < end; i++) sortKeys[at + 1 + i] = key[common + i]!;
    }
    return sortKeys;
  }
}

/** Whether what stands before the keys, store and partition, is the same. */
function isOfStore(key: Uint8Array, first: Uint8Array): boolean {
  if (first.length === 0 || key.length === 0) return first.length === key.length;
  const length = Math.min(1 + first[0]! + PARTITION_BYTES, first.length);
  if (key.length < length) return false;
  for (let i = 0; i < length; i++) if (key[i] !== first[i]) return false;
  return true;
}

/** The records' numbers in the order of their sort keys: one stable pass for each byte, from the last to the first. */
function sortedOrder(sortKeys: Uint8Array, count: number): Uint32Array {
  let order = Uint32Array.from({ length: count }, (_, record) => record);
  let next = new Uint32Array(count);
  for (let byte = SORT_KEY_BYTES - 1; byte >= 0; byte--) {
    const starts = new Uint32Array(257);
    for (let record = 0; record < count; record++) starts[sortKeys[record * SORT_KEY_BYTES + byte]! + 1]!++;
    if (starts.includes(count)) continue;
    for (let value = 0; value < 256; value++) starts[value + 1]! += starts[value]!;
    for (let place = 0; place < count; place++) {
      const record = order[place]!;
      next[starts[sortKeys[record * SORT_KEY_BYTES + byte]!]!++] = record;
    }
    [order, next] = [next, order];
  }
  return order;
}
