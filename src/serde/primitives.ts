import { HeadraceError } from '../errors.ts';
import type { Serde } from './serde.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text as UTF-8. Bytes that are not UTF-8 throw DESERIALIZATION_FAILED, and text that is not well-formed (a lone
 * surrogate) throws SERIALIZATION_FAILED: neither is replaced in silence.
 */
export const stringSerde: Serde<string> = {
  name: 'string',
  /** Keys are mostly short and ASCII, for which a loop costs half of the native encoder. */
  serialize(value) {
    const length = value.length;
    if (length > 64) return encode(value);
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return encode(value);
      bytes[i] = code;
    }
    return bytes;
  },
  deserialize(bytes) {
    const length = bytes.length;
    if (length > 64) return decode(bytes);
    let text = '';
    for (let i = 0; i < length; i++) {
      const code = bytes[i]!;
      if (code > 0x7f) return decode(bytes);
      text += String.fromCharCode(code);
    }
    return text;
  },
};

/** Bytes as they are. */
export const bytesSerde: Serde<Uint8Array> = {
  name: 'bytes',
  serialize: (value) => value,
  deserialize: (bytes) => bytes,
};

/**
 * A whole number of 64 bits with a sign, as 8 bytes, big-endian: what Kafka's Long serde writes, exact as a bigint.
 * Throws SERIALIZATION_FAILED beyond 64 bits, rather than wrap, and DESERIALIZATION_FAILED for another number of bytes.
 */
export const int64Serde: Serde<bigint> = {
  name: 'int64',
  serialize(value) {
    if (BigInt.asIntN(64, value) !== value)
      throw new HeadraceError('SERIALIZATION_FAILED', `${value} is beyond 64 bits`);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, value);
    return bytes;
  },
  deserialize(bytes) {
    if (bytes.length !== 8)
      throw new HeadraceError('DESERIALIZATION_FAILED', `An int64 has 8 bytes, not ${bytes.length}`);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0);
  },
};

function encode(value: string): Uint8Array {
  if (/[\ud800-\udfff]/.test(value) && !isWellFormed(value)) {
    throw new HeadraceError('SERIALIZATION_FAILED', 'The text holds half of a surrogate pair and has no UTF-8 form');
  }
  return Buffer.from(value, 'utf8');
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new HeadraceError('DESERIALIZATION_FAILED', 'The bytes are not UTF-8', { cause });
  }
}

function isWellFormed(value: string): boolean {
  return !/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value);
}
