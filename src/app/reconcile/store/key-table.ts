/** What a row is known by: the hash of its key in two halves. */
export interface RowId {
  readonly low: number;
  readonly high: number;
}

const INITIAL_SLOTS = 1 << 12;
const FULL = 0.6;
const USED = 1;
const SEEN = 2;
/** Whatever a user of the table wants to remember of an entry. */
const MARK_SHIFT = 2;

/**
 * Rows by the hash of their keys, each with its version, hash, sum and bucket, in arrays of numbers: 41 bytes a slot, so that a million rows are no million objects.
 * A row of a smaller version than the one that stands there is left out; of equal ones the later counts, as in a ReplacingMergeTree.
 */
export class KeyTable {
  #mask = INITIAL_SLOTS - 1;
  #size = 0;
  #flags = new Uint8Array(INITIAL_SLOTS);
  #low = new Uint32Array(INITIAL_SLOTS);
  #high = new Uint32Array(INITIAL_SLOTS);
  #rowLow = new Uint32Array(INITIAL_SLOTS);
  #rowHigh = new Uint32Array(INITIAL_SLOTS);
  #bucket = new Uint32Array(INITIAL_SLOTS);
  #version = new BigInt64Array(INITIAL_SLOTS);
  #sum = new BigInt64Array(INITIAL_SLOTS);

  get size(): number {
    return this.#size;
  }

  /** Keeps the row unless a greater version stands there. */
  put(id: RowId, row: RowId, version: bigint, bucket = 0, sum = 0n, mark = 0): void {
    if (this.#size >= (this.#mask + 1) * FULL) this.#grow();
    let slot = this.#slotOf(id.low, id.high);
    if (this.#flags[slot] === 0) this.#size++;
    else if (version < this.#version[slot]!) slot = -1;
    if (slot >= 0) this.#set(slot, id, row, version, bucket, sum, USED | (mark << MARK_SHIFT));
  }

  /** The entry of a row; -1 where there is none. Valid until the next put. */
  find(id: RowId): number {
    const slot = this.#slotOf(id.low, id.high);
    return this.#flags[slot] === 0 ? -1 : slot;
  }

  isRow(entry: number, row: RowId): boolean {
    return this.#rowLow[entry] === row.low && this.#rowHigh[entry] === row.high;
  }

  id(entry: number): RowId {
    return { low: this.#low[entry]!, high: this.#high[entry]! };
  }

  row(entry: number): RowId {
    return { low: this.#rowLow[entry]!, high: this.#rowHigh[entry]! };
  }

  version(entry: number): bigint {
    return this.#version[entry]!;
  }

  sum(entry: number): bigint {
    return this.#sum[entry]!;
  }

  bucket(entry: number): number {
    return this.#bucket[entry]!;
  }

  mark(entry: number): number {
    return this.#flags[entry]! >> MARK_SHIFT;
  }

  setMark(entry: number, mark: number): void {
    this.#flags[entry] = (this.#flags[entry]! & (USED | SEEN)) | (mark << MARK_SHIFT);
  }

  setSeen(entry: number): void {
    this.#flags[entry] = this.#flags[entry]! | SEEN;
  }

  isSeen(entry: number): boolean {
    return (this.#flags[entry]! & SEEN) !== 0;
  }

  *entries(): IterableIterator<number> {
    for (let slot = 0; slot <= this.#mask; slot++) if (this.#flags[slot] !== 0) yield slot;
  }

  #slotOf(low: number, high: number): number {
    let slot = (low ^ (high >>> 7)) & this.#mask;
    while (this.#flags[slot] !== 0 && (this.#low[slot] !== low || this.#high[slot] !== high)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #set(slot: number, id: RowId, row: RowId, version: bigint, bucket: number, sum: bigint, flags: number): void {
    this.#flags[slot] = flags;
    this.#low[slot] = id.low;
    this.#high[slot] = id.high;
    this.#rowLow[slot] = row.low;
    this.#rowHigh[slot] = row.high;
    this.#bucket[slot] = bucket;
    this.#version[slot] = version;
    this.#sum[slot] = sum;
  }

  #grow(): void {
    const [flags, low, high, rowLow, rowHigh] = [this.#flags, this.#low, this.#high, this.#rowLow, this.#rowHigh];
    const [bucket, version, sum] = [this.#bucket, this.#version, this.#sum];
    const slots = flags.length * 2;
    this.#mask = slots - 1;
    this.#flags = new Uint8Array(slots);
    this.#low = new Uint32Array(slots);
    this.#high = new Uint32Array(slots);
    this.#rowLow = new Uint32Array(slots);
    this.#rowHigh = new Uint32Array(slots);
    this.#bucket = new Uint32Array(slots);
    this.#version = new BigInt64Array(slots);
    this.#sum = new BigInt64Array(slots);
    for (let old = 0; old < flags.length; old++) {
      if (flags[old] === 0) continue;
      const slot = this.#slotOf(low[old]!, high[old]!);
      const [id, row] = [
        { low: low[old]!, high: high[old]! },
        { low: rowLow[old]!, high: rowHigh[old]! },
      ];
      this.#set(slot, id, row, version[old]!, bucket[old]!, sum[old]!, flags[old]!);
    }
  }
}
