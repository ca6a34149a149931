import type { AbortedTransaction } from '../../../../src/log/kafka/protocol/requests/fetch.ts';
import { crc32c } from '../../../../src/storage/checksum.ts';
import { type PlacedRecord, type PlainRecord, recordSetOf } from './plain-records.ts';

interface LoggedBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly bytes: Buffer;
}

interface EndedTransaction extends AbortedTransaction {
  readonly lastOffset: number;
}

export interface FetchedSet {
  readonly recordSet: Buffer;
  readonly abortedTransactions: readonly AbortedTransaction[];
}

/**
 * A partition as a broker keeps it: the log, the index of aborted transactions and the last stable offset; and beside them, kept on
 * its own, which records a reader of committed ones must see.
 */
export class TransactionalPartition {
  readonly #log: LoggedBatch[] = [];
  readonly #aborted: EndedTransaction[] = [];
  readonly #open = new Map<bigint, { readonly firstOffset: number; readonly records: PlacedRecord[] }>();
  readonly #committed: PlacedRecord[] = [];
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }

  get lastStableOffset(): number {
    return Math.min(this.#end, ...[...this.#open.values()].map(({ firstOffset }) => firstOffset));
  }

  isOpen(producerId: bigint): boolean {
    return this.#open.has(producerId);
  }

  append(producerId: bigint, records: readonly PlainRecord[], isTransactional: boolean): void {
    const baseOffset = this.#end;
    const placed = records.map((record, i) => ({ offset: baseOffset + i, ...record }));
    if (isTransactional) {
      const open = this.#open.get(producerId);
      if (open === undefined) this.#open.set(producerId, { firstOffset: baseOffset, records: [...placed] });
      else open.records.push(...placed);
    } else this.#committed.push(...placed);
    const transactionalId = isTransactional ? 'id' : null;
    this.#write(recordSetOf(records, { baseOffset, producerId, transactionalId }), records.length);
  }

  end(producerId: bigint, isCommit: boolean): void {
    const { firstOffset, records } = this.#open.get(producerId)!;
    this.#open.delete(producerId);
    if (isCommit) this.#committed.push(...records);
    else this.#aborted.push({ producerId, firstOffset, lastOffset: this.#end });
    const marker = { timestamp: 1, key: isCommit ? '00000001' : '00000000', value: '000000000000', headers: [] };
    const bytes = recordSetOf([marker], { baseOffset: this.#end, producerId, transactionalId: 'id' });
    bytes.writeInt16BE(0x30, 21);
    this.#write(sealed(bytes), 1);
  }

  /** What compaction leaves of a batch: nothing, or its header with its offsets. */
  compact(index: number, keepsHeader: boolean): void {
    const batch = this.#log[index];
    // A marker is kept as long as what it ends.
    if (batch === undefined || (batch.bytes.readInt16BE(21) & 0x20) !== 0) return;
    for (const list of [this.#committed, ...[...this.#open.values()].map(({ records }) => records)]) {
      const kept = list.filter(({ offset }) => offset < batch.baseOffset || offset > batch.lastOffset);
      list.splice(0, list.length, ...kept);
    }
    if (!keepsHeader) this.#log.splice(index, 1);
    else {
      const bytes = Buffer.from(batch.bytes.subarray(0, 61));
      bytes.writeInt32BE(49, 8);
      bytes.writeInt32BE(0, 57);
      this.#log[index] = { ...batch, bytes: sealed(bytes) };
    }
  }

  /** What readers of committed records see from an offset on. */
  visible(fromOffset: number): readonly PlacedRecord[] {
    const { lastStableOffset } = this;
    return this.#committed
      .filter(({ offset }) => offset >= fromOffset && offset < lastStableOffset)
      .sort((a, b) => a.offset - b.offset);
  }

  /** As a broker answers: from the batch that holds the offset on, cut at `maxBytes` behind the first, aborted ones by their end. */
  fetch(fromOffset: number, maxBytes: number): FetchedSet {
    const { lastStableOffset } = this;
    const batches = this.#log.filter((each) => each.lastOffset >= fromOffset && each.baseOffset < lastStableOffset);
    const whole = Buffer.concat(batches.map(({ bytes }) => bytes));
    const recordSet = whole.subarray(0, Math.max(maxBytes, batches[0]?.bytes.length ?? 0));
    let length = 0;
    const upper = batches.find(({ bytes }) => {
      length += bytes.length;
      return length >= recordSet.length;
    });
    const abortedTransactions = this.#aborted.filter(
      ({ firstOffset, lastOffset }) => lastOffset >= fromOffset && firstOffset <= (upper?.lastOffset ?? fromOffset),
    );
    return { recordSet, abortedTransactions };
  }

  #write(bytes: Buffer, count: number): void {
    this.#log.push({ baseOffset: this.#end, lastOffset: this.#end + count - 1, bytes });
    this.#end += count;
  }
}

function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}
