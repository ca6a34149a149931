import { HeadraceError } from '../errors.ts';
import type { Serde } from './serde.ts';

/**
 * A count as 8 bytes, big-endian, as Kafka's Long serde writes it; read back as a number, exact up to 2^53. Throws
 * SERIALIZATION_FAILED for a number that is not whole or is beyond 2^53.
 */
export const countSerde: Serde<number> = {
  // The bytes are those of int64Serde.
  name: 'int64',
  serialize(value) {
    if (!Number.isSafeInteger(value))
      throw new HeadraceError('SERIALIZATION_FAILED', `${value} is not a whole number up to 2^53`);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
    return bytes;
  },
  deserialize(bytes) {
    if (bytes.length !== 8)
      throw new HeadraceError('DESERIALIZATION_FAILED', `A count has 8 bytes, not ${bytes.length}`);
    const value = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0));
    if (!Number.isSafeInteger(value))
      throw new HeadraceError('DESERIALIZATION_FAILED', 'A count beyond 2^53 cannot be a number');
    return value;
  },
};
