import type { Headers } from '../../log/record.ts';
import type { Serde } from '../serde.ts';
import { NO_CURRENCY } from './amounts.ts';

import { ByteWriter } from './byte-writer.ts';
import { compileReader, type Read } from './compile-reader.ts';
import { compileWriter } from './compile-writer.ts';
import type { Framed } from './framing.ts';
import { readValue, requireFrame } from './read-value.ts';
import type { AvroType } from './schema.ts';
import type { SchemaRegistry } from './schema-registry.ts';

/** One buffer for all: values are written one after another, each whole. */
const out = new ByteWriter();

/**
 * Values as Avro behind Confluent's frame, JSON-shaped on this side: amounts are decimal texts, optional fields are absent
 * rather than null. It reads what any schema wrote that resolves to this one.
 *
 * Throws SERIALIZATION_FAILED for a value that would not come back as it is, DESERIALIZATION_FAILED for bytes that are no
 * such value, SCHEMA_UNKNOWN and SCHEMA_INCOMPATIBLE for a schema that is none or another, and SCHEMA_UNAVAILABLE
 * (retriable) while the registry can't be asked.
 *
 * @param schema what is written, and read into. @param subject under which the registry knows it.
 */
export function avroSerde<T>(schema: AvroType, subject: string, registry: SchemaRegistry): AvroSerde<T> {
  const write = compileWriter(schema);
  const reads = new WeakMap<AvroType, Read>();
  // Made at once, so that a schema that can't be read stops the start and not the first record.
  reads.set(schema, compileReader(schema, schema));
  const readerOf = (writer: AvroType): Read => {
    const known = reads.get(writer);
    if (known !== undefined) return known;
    const read = compileReader(writer, schema);
    reads.set(writer, read);
    return read;
  };
  let id: number | undefined;
  return {
    name: `avro ${subject}`,
    serialize(value) {
      id ??= registry.idOf(subject);
      out.reset();
      out.byte(0);
      out.uint32BigEndian(id);
      write(value, out, NO_CURRENCY);
      return out.bytes();
    },
    deserialize(bytes, headers) {
      return this.read(requireFrame(bytes, headers));
    },
    read: (framed) => readValue(readerOf(registry.writerSchema(framed.schema)), framed) as T,
  };
}

export interface AvroSerde<T> extends Serde<T> {
  deserialize(bytes: Uint8Array, headers?: Headers): T;
  /** Reads what {@link readFrame} has found. */
  read(framed: Framed): T;
}
