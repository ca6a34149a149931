import { HeadraceError } from '../errors.ts';
import type { Serde } from './serde.ts';

/** When something is due, and whose deadline it is. */
export interface Deadline {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly id: string;
}

const TIME_BYTES = 8;

/**
 * The key of a store of deadlines: 8 bytes of time, big-endian, and then the id, so that the first entry is the next one due.
 * Throws DESERIALIZATION_FAILED for what is too short to hold a time.
 */
export const deadlineSerde: Serde<Deadline> = {
  serialize({ at, id }) {
    const own = new TextEncoder().encode(id);
    const bytes = new Uint8Array(TIME_BYTES + own.length);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(at));
    bytes.set(own, TIME_BYTES);
    return bytes;
  },
  deserialize(bytes) {
    if (bytes.length < TIME_BYTES) {
      throw new HeadraceError(
        'DESERIALIZATION_FAILED',
        `A deadline begins with ${TIME_BYTES} bytes of time; there are ${bytes.length} bytes in all`,
      );
    }
    const at = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0));
    return { at, id: new TextDecoder().decode(bytes.subarray(TIME_BYTES)) };
  },
};
