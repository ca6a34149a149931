import { HeadraceError } from '../../../errors.ts';
import { NO_HEADERS } from '../../record.ts';
import { RecordBuffer } from '../../record-buffer.ts';

/** One change as it travels: see {@link encodeChangelogKey}. */
export interface ChangelogKey {
  readonly store: string;
  readonly partition: number;
  /** Binary string, as in CommittedState. */
  readonly key: string;
}

const NAME_BYTES_MAX = 254;
export const PARTITION_BYTES = 4;

/**
 * The key of a changelog record: one byte of length and the store's name (UTF-8), the partition (u32, big-endian), the key. The value is the
 * store's, null deletes.
 */
export class ChangelogKeyWriter {
  readonly #prefix: Buffer;
  #bytes: Buffer;

  /** Throws KEY_TOO_LARGE for a name of more than 254 bytes. */
  constructor(store: string, partition: number) {
    const name = Buffer.from(store, 'utf8');
    if (name.length > NAME_BYTES_MAX) {
      throw new HeadraceError(
        'KEY_TOO_LARGE',
        `The name of store ${store.slice(0, 40)}... has more than ${NAME_BYTES_MAX} bytes`,
      );
    }
    this.#prefix = Buffer.alloc(1 + name.length + PARTITION_BYTES);
    this.#prefix[0] = name.length;
    name.copy(this.#prefix, 1);
    this.#prefix.writeUInt32BE(partition, 1 + name.length);
    this.#bytes = Buffer.concat([this.#prefix, Buffer.alloc(256)]);
  }

  /** Valid until the next call. */
  write(key: string): Uint8Array {
    const start = this.#prefix.length;
    const end = start + key.length;
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.#prefix, Buffer.alloc(key.length)]);
    const bytes = this.#bytes;
    for (let i = 0; i < key.length; i++) bytes[start + i] = key.charCodeAt(i);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, end);
  }
}

const RESET = 255;

/** A record which says that everything before it in its partition is gone: no store's name is as long as its key says. */
export function resetMarks(timestamp: number): RecordBuffer {
  const buffer = new RecordBuffer();
  buffer.append(timestamp, Uint8Array.of(RESET), Uint8Array.of(1), NO_HEADERS);
  return buffer;
}

export function isResetMark(key: Uint8Array | null): boolean {
  return key !== null && key.length === 1 && key[0] === RESET;
}

/** Throws LOG_CORRUPT for what {@link ChangelogKeyWriter} did not write. */
export function decodeChangelogKey(bytes: Uint8Array | null): ChangelogKey {
  const nameLength = bytes?.[0] ?? 0;
  const keyAt = 1 + nameLength + PARTITION_BYTES;
  if (bytes === null || bytes.length < keyAt || nameLength > NAME_BYTES_MAX) {
    throw new HeadraceError(
      'LOG_CORRUPT',
      'A changelog holds a record that is not of a store: something else writes to its topic',
    );
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    store: buffer.toString('utf8', 1, 1 + nameLength),
    partition: buffer.readUInt32BE(1 + nameLength),
    key: buffer.toString('latin1', keyAt),
  };
}
