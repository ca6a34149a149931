import { invariant } from '../../errors.ts';
import type { Environment } from '../../storage/environment.ts';
import type { KeyCodec, Table } from '../../storage/table.ts';

/** Where a batch stands: the number of its partition, and its base offset. */
export interface BatchKey {
  partitionId: number;
  baseOffset: number;
}

export interface OffsetKey {
  readonly groupId: number;
  readonly partitionId: number;
}

export interface StateKey {
  storeId: number;
  partition: number;
  /** A binary string, see CommittedState. */
  text: string;
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
    topics: open(environment, 'topics', numberKeys),
    partitions: open(environment, 'partitions', numberKeys),
    batches: open(environment, 'batches', batchKeys),
    groups: open(environment, 'groups', numberKeys),
    offsets: open(environment, 'offsets', offsetKeys),
    stores: open(environment, 'stores', numberKeys),
    state: open(environment, 'state', stateKeys),
  };
}

function open<K>(environment: Environment, name: string, keys: KeyCodec<K>): Table<K> {
  const table = environment.table(name, keys);
  invariant(table !== undefined, `a writable environment has the table ${name}`);
  return table;
}

const numberKeys: KeyCodec<number> = {
  write: (key, target, start) => writeUint32(key, target, start),
  read: (source, start) => readUint32(source, start),
};

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

/** Up to this length a loop beats the native copy. */
const SHORT_KEY = 48;

const stateKeys: KeyCodec<StateKey> = {
  write(key, target, start) {
    const at = writeUint32(key.partition, target, writeUint32(key.storeId, target, start));
    const { text } = key;
    const { length } = text;
    if (length > SHORT_KEY) return at + target.write(text, at, 'latin1');
    for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
    return at + length;
  },
  read: (source, start, end) => ({
    storeId: readUint32(source, start),
    partition: readUint32(source, start + 4),
    text: source.toString('latin1', start + 8, end),
  }),
};

function writeUint32(value: number, target: Buffer, at: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

function readUint32(source: Buffer, at: number): number {
  return ((source[at]! << 24) | (source[at + 1]! << 16) | (source[at + 2]! << 8) | source[at + 3]!) >>> 0;
}
