import { HeadraceError } from '../../errors.ts';
import type { Environment } from '../../storage/environment.ts';
import type { GroupOffset, StateChanges } from '../log.ts';
import type { RecordBuffer } from '../record-buffer.ts';
import type { StoreCatalog } from '../stores/store-catalog.ts';
import { StoreWriter } from '../stores/store-writer.ts';
import { sealBatch } from './batch-header.ts';
import { encodeOffset, type KnownGroup } from './group-catalog.ts';
import type { BatchKey, LogTables } from './log-tables.ts';
import { encodePartitionRow, type PartitionLog, type PartitionRow } from './partition-log.ts';
import type { TopicCatalog } from './topic-catalog.ts';

/** Steps of a group commit at which chaos tests stop the process. */
export type CommitStep = 'append-queued' | 'commit-begin' | 'commit-written' | 'commit-synced';

/** The part of a group commit that one member or all producers together brought. */
export interface CommitPart {
  readonly records: readonly { readonly partition: PartitionLog; readonly buffer: RecordBuffer }[];
  readonly group?: KnownGroup;
  readonly offsets?: readonly GroupOffset[];
  readonly stateChanges?: readonly StateChanges[];
}

/** Writes group commits: all parts in one synced transaction, then what the log knows in memory follows. */
export class CommitWriter {
  readonly #environment: Environment;
  readonly #tables: LogTables;
  readonly #topics: TopicCatalog;
  readonly #stores: StoreCatalog;
  readonly #onStep: (step: CommitStep) => void;
  // One key object each for all puts: the codec copies what it says.
  readonly #batchKey: BatchKey = { partitionId: 0, baseOffset: 0 };
  readonly #storeWriter: StoreWriter;

  constructor(
    environment: Environment,
    tables: LogTables,
    topics: TopicCatalog,
    stores: StoreCatalog,
    onStep: (step: CommitStep) => void,
  ) {
    this.#environment = environment;
    this.#tables = tables;
    this.#topics = topics;
    this.#stores = stores;
    this.#storeWriter = new StoreWriter(stores, tables.state);
    this.#onStep = onStep;
  }

  /**
   * All of it or nothing. Returns the base offset of each part's records, in the order of the parts. Throws
   * STORAGE_FULL, STORAGE_FAILED; memory is then as before.
   */
  write(parts: readonly CommitPart[], intakeMs: number): readonly (readonly number[])[] {
    const rows = new Map<PartitionLog, PartitionRow>();
    const newStores: [group: string, store: string][] = [];
    this.#onStep('commit-begin');
    let bases: readonly (readonly number[])[];
    try {
      bases = this.#environment.transaction(() => {
        const written = parts.map((part) => {
          if (part.group !== undefined) this.#writeOffsets(part.group, part.offsets ?? []);
          if (part.group !== undefined) this.#storeWriter.write(part.group.name, part.stateChanges ?? [], newStores);
          return part.records.map(({ partition, buffer }) => this.#writeRecords(partition, buffer, intakeMs, rows));
        });
        for (const [partition, row] of rows) this.#tables.partitions.put(partition.id, encodePartitionRow(row));
        this.#onStep('commit-written');
        return written;
      });
    } catch (error) {
      for (const [group, store] of newStores) this.#stores.forget(group, store);
      throw error;
    }
    this.#onStep('commit-synced');
    for (const [partition, row] of rows) partition.row = row;
    for (const { group, offsets } of parts) {
      for (const place of offsets ?? []) {
        group?.offsets.set(this.#topics.partition(place.topic, place.partition).id, place.offset);
      }
    }
    return bases;
  }

  #writeRecords(
    partition: PartitionLog,
    buffer: RecordBuffer,
    intakeMs: number,
    rows: Map<PartitionLog, PartitionRow>,
  ): number {
    const row = rows.get(partition) ?? partition.row;
    let { end, bytes: totalBytes } = row;
    const key = this.#batchKey;
    key.partitionId = partition.id;
    for (const { bytes, count } of buffer.batches()) {
      if (count === 0) continue;
      sealBatch(bytes as Buffer, count, end, intakeMs);
      key.baseOffset = end;
      this.#tables.batches.put(key, bytes as Buffer);
      end += count;
      totalBytes += bytes.length;
    }
    if (end > Number.MAX_SAFE_INTEGER)
      throw new HeadraceError('STORAGE_FAILED', `${partition.topic} has no offsets left`);
    if (end !== row.end) rows.set(partition, { ...row, end, bytes: totalBytes });
    return row.end;
  }

  #writeOffsets(group: KnownGroup, offsets: readonly GroupOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const { id } = this.#topics.partition(topic, partition);
      this.#tables.offsets.put({ groupId: group.id, partitionId: id }, encodeOffset(offset));
    }
  }
}
