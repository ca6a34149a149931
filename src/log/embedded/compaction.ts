import type { Environment } from '../../storage/environment.ts';
import { RecordBatch } from '../record-batch.ts';
import { BATCH_HEADER_BYTES, LENGTH_AT } from '../record-layout.ts';
import { sealBatch } from './batch-header.ts';
import type { BatchReader, StoredBatch } from './batch-reader.ts';
import type { GroupCatalog } from './group-catalog.ts';
import type { LogTables } from './log-tables.ts';
import { encodePartitionRow, type PartitionLog } from './partition-log.ts';

/** Batches read in one step, whether they are only looked at or rewritten. */
export const COMPACTION_STEP_BATCHES = 64;
/** Keys that one pass remembers; the rest of a longer section waits for the next pass. */
const PASS_KEYS_MAX = 1_000_000;
/** A tombstone is kept this long after intake, so that every reader has seen it. */
export const TOMBSTONE_RETENTION_MS = 24 * 60 * 60 * 1000;

/** A pass over one partition: first it learns the last offset of each key, then it rewrites from the start. */
interface Pass {
  readonly lastOffsets: Map<string, number>;
  phase: 'learn' | 'rewrite';
  /** The base offset from which the next step goes on. */
  at: number;
  /** What lies below is compacted when the pass ends. */
  sectionEnd: number;
  oldestTombstoneMs: number;
}

export interface CompactionOptions {
  /** A pass starts when this many offsets were added below the slowest group ... */
  readonly dirtyRecordsMin: number;
  /** ... and this long after the one before. */
  readonly intervalMs: number;
}

/**
 * Rewrites the batches of compacted topics below the slowest group: of each key the last record stays, at its offset.
 * Batches keep their base offset and intake time, so a reader at any offset finds its place.
 */
export class Compaction {
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #groups: GroupCatalog;
  readonly #reader: BatchReader;
  readonly #options: CompactionOptions;
  readonly #passes = new Map<PartitionLog, Pass>();
  readonly #lastPassMs = new Map<PartitionLog, number>();

  constructor(
    environment: Environment,
    tables: LogTables,
    groups: GroupCatalog,
    reader: BatchReader,
    options: CompactionOptions,
  ) {
    this.#environment = environment;
    this.#tables = tables;
    this.#groups = groups;
    this.#reader = reader;
    this.#options = options;
  }

  /** One bounded step. Returns whether there is more to do. Throws STORAGE_FULL, STORAGE_FAILED, LOG_CORRUPT. */
  step(partition: PartitionLog, nowMs: number): boolean {
    if (partition.config.cleanup !== 'compact') return false;
    const neededFrom = this.#groups.neededFrom(partition);
    let pass = this.#passes.get(partition);
    // A group that joined meanwhile may need what the pass would take away.
    if (pass !== undefined && pass.sectionEnd > neededFrom) {
      this.#passes.delete(partition);
      pass = undefined;
    }
    pass ??= this.#begin(partition, neededFrom, nowMs);
    if (pass === undefined) return false;
    if (pass.phase === 'learn') this.#learn(partition, pass);
    else this.#rewrite(partition, pass, nowMs);
    return this.#passes.has(partition);
  }

  #begin(partition: PartitionLog, neededFrom: number, nowMs: number): Pass | undefined {
    const { row } = partition;
    if (nowMs - (this.#lastPassMs.get(partition) ?? -Infinity) < this.#options.intervalMs) return undefined;
    const isDirty = neededFrom - row.compactedTo >= this.#options.dirtyRecordsMin;
    const hasOldTombstone =
      row.oldestTombstoneMs >= 0 && isOld(row.oldestTombstoneMs, nowMs) && row.compactedTo <= neededFrom;
    if (!isDirty && !hasOldTombstone) return undefined;
    const sectionEnd = Math.max(row.compactedTo, neededFrom);
    const pass: Pass = {
      lastOffsets: new Map(),
      phase: 'learn',
      at: row.compactedTo,
      sectionEnd,
      oldestTombstoneMs: -1,
    };
    this.#passes.set(partition, pass);
    this.#lastPassMs.set(partition, nowMs);
    return pass;
  }

  #learn(partition: PartitionLog, pass: Pass): void {
    for (const batch of this.#nextBatches(partition, pass)) {
      if (pass.lastOffsets.size >= PASS_KEYS_MAX) {
        pass.sectionEnd = batch.baseOffset;
        pass.at = pass.sectionEnd;
        break;
      }
      const records = asRecords(partition, batch);
      for (let i = 0; i < records.length; i++) {
        const key = records.keyAt(i);
        const offset = records.offsetAt(i);
        if (key !== null && offset < pass.sectionEnd) pass.lastOffsets.set(keyText(key), offset);
      }
    }
    if (pass.at < pass.sectionEnd) return;
    pass.phase = 'rewrite';
    pass.at = partition.row.start;
  }

  #rewrite(partition: PartitionLog, pass: Pass, nowMs: number): void {
    const rewritten: { readonly baseOffset: number; readonly bytes: Buffer | null }[] = [];
    let { bytes } = partition.row;
    for (const batch of this.#nextBatches(partition, pass)) {
      const kept = keptRecords(partition, batch, pass, nowMs);
      if (kept.length === batch.count) continue;
      const smaller = kept.length === 0 ? null : batchOf(batch, kept);
      bytes += (smaller?.length ?? 0) - batch.bytes.byteLength;
      rewritten.push({ baseOffset: batch.baseOffset, bytes: smaller });
    }
    const isDone = pass.at >= pass.sectionEnd;
    const { compactedTo, oldestTombstoneMs } = isDone
      ? { compactedTo: pass.sectionEnd, oldestTombstoneMs: pass.oldestTombstoneMs }
      : partition.row;
    const row = { ...partition.row, bytes, compactedTo, oldestTombstoneMs };
    if (rewritten.length > 0 || isDone) {
      this.#environment.transaction(() => {
        for (const { baseOffset, bytes: smaller } of rewritten) {
          const key = { partitionId: partition.id, baseOffset };
          if (smaller === null) this.#tables.batches.delete(key);
          else this.#tables.batches.put(key, smaller);
        }
        this.#tables.partitions.put(partition.id, encodePartitionRow(row));
      });
      partition.row = row;
    }
    if (isDone) this.#passes.delete(partition);
  }

  /** The next batches of the pass, which moves on behind them. */
  #nextBatches(partition: PartitionLog, pass: Pass): readonly StoredBatch[] {
    const batches: StoredBatch[] = [];
    this.#reader.scan(partition, this.#reader.baseOffsetOf(partition, pass.at), pass.sectionEnd, (batch) => {
      if (batch.lastOffset >= pass.at) batches.push({ ...batch, bytes: Buffer.from(batch.bytes) });
      return batches.length < COMPACTION_STEP_BATCHES;
    });
    const last = batches.at(-1);
    pass.at = batches.length < COMPACTION_STEP_BATCHES || last === undefined ? pass.sectionEnd : last.lastOffset + 1;
    return batches;
  }
}

/** The places of the records that stay; notes the oldest tombstone among them. */
function keptRecords(partition: PartitionLog, batch: StoredBatch, pass: Pass, nowMs: number): readonly number[] {
  const records = asRecords(partition, batch);
  const kept: number[] = [];
  for (let i = 0; i < records.length; i++) {
    const key = records.keyAt(i);
    const offset = records.offsetAt(i);
    if (key === null || offset >= pass.sectionEnd) {
      kept.push(i);
      continue;
    }
    const lastOffset = pass.lastOffsets.get(keyText(key));
    if (lastOffset !== undefined && offset < lastOffset) continue;
    if (records.valueAt(i) === null) {
      if (isOld(batch.intakeMs, nowMs)) continue;
      if (pass.oldestTombstoneMs < 0 || batch.intakeMs < pass.oldestTombstoneMs)
        pass.oldestTombstoneMs = batch.intakeMs;
    }
    kept.push(i);
  }
  return kept;
}

function batchOf(batch: StoredBatch, kept: readonly number[]): Buffer {
  const source = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
  const starts: number[] = [];
  let at = BATCH_HEADER_BYTES;
  for (let i = 0; i < batch.count; i++) {
    starts.push(at);
    at += source.readUInt32LE(at + LENGTH_AT);
  }
  starts.push(at);
  const records = kept.map((i) => source.subarray(starts[i]!, starts[i + 1]!));
  const bytes = Buffer.concat([Buffer.alloc(BATCH_HEADER_BYTES), ...records]);
  sealBatch(bytes, kept.length, batch.baseOffset, batch.intakeMs);
  return bytes;
}

function asRecords({ topic, partition }: PartitionLog, { baseOffset, bytes, count }: StoredBatch): RecordBatch {
  return new RecordBatch(
    topic,
    partition,
    0,
    baseOffset,
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    count,
  );
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

function isOld(intakeMs: number, nowMs: number): boolean {
  return nowMs - intakeMs >= TOMBSTONE_RETENTION_MS;
}
