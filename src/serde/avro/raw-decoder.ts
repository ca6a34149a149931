import type { Headers } from '../../log/record.ts';

import { compileRaw, type ReadRaw } from './compile-raw.ts';
import type { RawValue } from './raw-value.ts';
import { readValue, requireFrame } from './read-value.ts';
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
    const framed = requireFrame(bytes, headers);
    const writer = registry.writerSchema(framed.schema);
    let read = reads.get(writer);
    if (read === undefined) {
      read = compileRaw(writer, schema);
      reads.set(writer, read);
    }
    return readValue(read, framed);
  };
}
