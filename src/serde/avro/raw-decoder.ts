import { HeadraceError } from '../../errors.ts';
import type { Headers } from '../../log/record.ts';
import { ByteReader, unreadable } from './byte-reader.ts';
import { compileRaw, type ReadRaw } from './compile-raw.ts';
import { readFrame } from './framing.ts';
import type { RawValue } from './raw-value.ts';
import type { AvroType } from './schema.ts';
import type { SchemaRegistry } from './schema-registry.ts';

export type DecodeRaw = (bytes: Uint8Array, headers?: Headers) => RawValue;

/**
 * Reads values behind Confluent's frame, whatever schema wrote them, into the given one. Throws DESERIALIZATION_FAILED,
 * SCHEMA_UNKNOWN and SCHEMA_INCOMPATIBLE for what is no such value, and SCHEMA_UNAVAILABLE (retriable) while the registry
 * has not answered.
 */
export function rawDecoder(schema: AvroType, registry: Pick<SchemaRegistry, 'writerSchema'>): DecodeRaw {
  const reads = new WeakMap<AvroType, ReadRaw>();
  return (bytes, headers) => {
    const framed = readFrame(bytes, headers);
    if (framed === undefined) throw unreadable('no schema is named, neither in front of them nor in a header');
    const writer = registry.writerSchema(framed.schema);
    let read = reads.get(writer);
    if (read === undefined) {
      read = compileRaw(writer, schema);
      reads.set(writer, read);
    }
    const reader = new ByteReader(framed.bytes, framed.start);
    let value: RawValue;
    try {
      value = read(reader);
    } catch (error) {
      if (error instanceof HeadraceError) throw error;
      // A type of the writer's that holds itself can be nested until the stack ends.
      throw new HeadraceError('DESERIALIZATION_FAILED', 'The Avro bytes are nested too deeply', { cause: error });
    }
    if (reader.remaining !== 0) throw unreadable(`${reader.remaining} bytes are left over`);
    return value;
  };
}
