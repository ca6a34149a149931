import { HeadraceError } from '../../errors.ts';
import type { Headers } from '../../log/record.ts';
import { ByteReader, unreadable } from './byte-reader.ts';
import { type Framed, readFrame } from './framing.ts';

/** As readFrame; throws DESERIALIZATION_FAILED where no schema is named. */
export function requireFrame(bytes: Uint8Array, headers?: Headers): Framed {
  const framed = readFrame(bytes, headers);
  if (framed === undefined) throw unreadable('no schema is named, neither in front of them nor in a header');
  return framed;
}

/** The value must end where its bytes do: what is left over was no such value. */
export function readValue<Value>(read: (reader: ByteReader) => Value, { bytes, start }: Framed): Value {
  const reader = new ByteReader(bytes, start);
  let value: Value;
  try {
    value = read(reader);
  } catch (error) {
    if (error instanceof HeadraceError) throw error;
    // A type that holds itself can be nested until the stack ends.
    throw new HeadraceError('DESERIALIZATION_FAILED', 'The Avro bytes are nested too deeply', { cause: error });
  }
  if (reader.remaining !== 0) throw unreadable(`${reader.remaining} bytes are left over`);
  return value;
}
