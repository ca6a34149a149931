import { invariant } from '../../errors.ts';
import type { Environment } from '../../storage/environment.ts';
import type { KeyCodec, Table } from '../../storage/table.ts';

/** Where an entry of a store stands. */
export interface StateKey {
  storeId: number;
  partition: number;
  /** A binary string, see CommittedState. */
  text: string;
}

/** The tables in which an adapter keeps the stores of groups. Numbers in keys are big-endian, so that their order is the order of the bytes. */
export interface StoreTables {
  /** Store number -> its group and name, JSON. */
  readonly stores: Table<number>;
  readonly state: Table<StateKey>;
}

export function openStoreTables(environment: Environment): StoreTables {
  return { stores: openTable(environment, 'stores', numberKeys), state: openTable(environment, 'state', stateKeys) };
}

export function openTable<K>(environment: Environment, name: string, keys: KeyCodec<K>): Table<K> {
  const table = environment.table(name, keys);
  invariant(table !== undefined, `a writable environment has the table ${name}`);
  return table;
}

export const numberKeys: KeyCodec<number> = {
  write: (key, target, start) => writeUint32(key, target, start),
  read: (source, start) => readUint32(source, start),
};

/** Up to this length a loop beats the native copy. */
const SHORT_KEY = 48;

export const stateKeys: KeyCodec<StateKey> = {
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

export function writeUint32(value: number, target: Buffer, at: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

export function readUint32(source: Buffer, at: number): number {
  return ((source[at]! << 24) | (source[at + 1]! << 16) | (source[at + 2]! << 8) | source[at + 3]!) >>> 0;
}
