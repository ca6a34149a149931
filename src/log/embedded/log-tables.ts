import type { Environment } from '../../storage/environment.ts';
import type { KeyCodec, Table } from '../../storage/table.ts';
import { numberKeys, openTable, readUint32, type StateKey, stateKeys, writeUint32 } from '../stores/store-tables.ts';

/** Where a batch stands: the number of its partition, and its base offset. */
export interface BatchKey {
  partitionId: number;
  baseOffset: number;
}

export interface OffsetKey {
  readonly groupId: number;
  readonly partitionId: number;
}

/** All tables of the embedded log. Numbers in keys are big-endian, so that their order is the order of the bytes. */
export interface LogTables {
  /** Topic number -> its configuration and the number of its first partition, JSON. */
  readonly topics: Table<number>;
  /** Partition number -> see partition-log.ts. */
  readonly partitions: Table<number>;
  /** Batches, see batch-header.ts. */
  readonly batches: Table<BatchKey>;
  /** Group number -> its name, JSON. */
  readonly groups: Table<number>;
  /** Group and partition number -> f64 committed offset. */
  readonly offsets: Table<OffsetKey>;
  /** Store number -> its group and name, JSON. */
  readonly stores: Table<number>;
  readonly state: Table<StateKey>;
}

export function openLogTables(environment: Environment): LogTables {
  return {
    topics: openTable(environment, 'topics', numberKeys),
    partitions: openTable(environment, 'partitions', numberKeys),
    batches: openTable(environment, 'batches', batchKeys),
    groups: openTable(environment, 'groups', numberKeys),
    offsets: openTable(environment, 'offsets', offsetKeys),
    stores: openTable(environment, 'stores', numberKeys),
    state: openTable(environment, 'state', stateKeys),
  };
}

const batchKeys: KeyCodec<BatchKey> = {
  write(key, target, start) {
    const at = writeUint32(key.partitionId, target, start);
    return writeUint32(key.baseOffset, target, writeUint32(Math.floor(key.baseOffset / 2 ** 32), target, at));
  },
  read: (source, start) => ({
    partitionId: readUint32(source, start),
    baseOffset: readUint32(source, start + 4) * 2 ** 32 + readUint32(source, start + 8),
  }),
};

const offsetKeys: KeyCodec<OffsetKey> = {
  write: (key, target, start) => writeUint32(key.partitionId, target, writeUint32(key.groupId, target, start)),
  read: (source, start) => ({ groupId: readUint32(source, start), partitionId: readUint32(source, start + 4) }),
};
