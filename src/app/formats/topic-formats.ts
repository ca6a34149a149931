import { HeadraceError } from '../../errors.ts';
import type { Headers } from '../../log/record.ts';
import { type AvroSerde, avroSerde } from '../../serde/avro/avro-serde.ts';
import { readFrame } from '../../serde/avro/framing.ts';
import { type ScannerOf, ValueScanner } from '../../serde/avro/scan/value-scanner.ts';
import type { AvroType } from '../../serde/avro/schema.ts';
import { type SchemaRegistry, valueSubject } from '../../serde/avro/schema-registry.ts';
import { jsonSerde } from '../../serde/json.ts';
import type { Serde } from '../../serde/serde.ts';
import { requireConsistency } from './consistency.ts';
import { scannedCheckOf } from './scanned-consistency.ts';

export const VALUE_FORMATS = ['json', 'avro'] as const;
/** How values are written. Both are read, whatever is written: producers may send either. */
export type ValueFormat = (typeof VALUE_FORMATS)[number];

export interface TopicFormatsOptions {
  readonly format: ValueFormat;
  readonly registry: SchemaRegistry;
  /** The schema of each topic that has one; other topics are JSON. */
  readonly schemas: ReadonlyMap<string, AvroType>;
}

/** How the values of topics are read and written; the one place that knows which topic has a schema. */
export interface TopicFormats {
  readonly format: ValueFormat;
  /** `read` makes of the parsed value what the caller takes, or throws; it sees the same shape from both formats. */
  readonly valueSerde: <T>(topic: string, read?: (parsed: unknown) => T) => Serde<T>;
  /** A value as it would be parsed from JSON; null for a tombstone. Throws as the serde's deserialize does. */
  readonly decodeValue: (topic: string, bytes: Uint8Array | null, headers?: Headers) => unknown;
  /** For the sink, which reads more values than anybody else and makes no objects of them; false is said of what `decodeValue` has to judge. */
  readonly scannerOf?: ScannerOf;
  /** The same as `decodeValue` for those who can wait: a schema that is met for the first time is asked for. */
  readonly resolveValue: (topic: string, bytes: Uint8Array | null, headers?: Headers) => Promise<unknown>;
  /** Where every topic has serdes of its own: a part of a record for people, undefined where it can't be read. */
  readonly plain?: (topic: string, part: 'key' | 'value', bytes: Uint8Array, headers?: Headers) => unknown;
}

/**
 * JSON that a producer sends is passed on unjudged, as without schemas: the rules judge it, and name what is wrong. An
 * Avro value of a topic without a schema can't be read (SCHEMA_UNKNOWN).
 */
export function topicFormats({ format, registry, schemas }: TopicFormatsOptions): TopicFormats {
  const json = jsonSerde<unknown>();
  const avro = new Map<string, AvroSerde<unknown>>();
  for (const [topic, schema] of schemas) {
    // A topic that can't be written stops the start, not the first record.
    if (format === 'avro') registry.idOf(valueSubject(topic));
    avro.set(topic, avroSerde(schema, valueSubject(topic), registry));
  }
  const decode = (topic: string, bytes: Uint8Array, headers: Headers | undefined): unknown => {
    const framed = readFrame(bytes, headers);
    if (framed === undefined) return json.deserialize(bytes);
    const serde = avro.get(topic);
    if (serde !== undefined) {
      const value = serde.read(framed);
      requireConsistency(topic, value);
      return value;
    }
    throw new HeadraceError('SCHEMA_UNKNOWN', `The value is Avro, and there is no schema of ${topic} to read it into`);
  };
  const decodeValue: TopicFormats['decodeValue'] = (topic, bytes, headers) =>
    bytes === null ? null : decode(topic, bytes, headers);
  return {
    format,
    valueSerde: <T>(topic: string, read: (parsed: unknown) => T = (parsed) => parsed as T): Serde<T> => {
      const writer = (format === 'avro' ? avro.get(topic) : undefined) ?? json;
      return {
        // Both formats are read, so that the one that is written may change.
        name: `json or avro (${topic})`,
        serialize: (value) => writer.serialize(value),
        deserialize: (bytes, headers) => read(decode(topic, bytes, headers)),
      };
    },
    decodeValue,
    scannerOf: (topic) => {
      const schema = schemas.get(topic);
      const check = scannedCheckOf(topic);
      return schema && check && ValueScanner.of({ schema, registry, check });
    },
    resolveValue: async (topic, bytes, headers) => {
      try {
        return decodeValue(topic, bytes, headers);
      } catch (error) {
        if (!(error instanceof HeadraceError) || error.code !== 'SCHEMA_UNAVAILABLE') throw error;
        await registry.settled();
        return decodeValue(topic, bytes, headers);
      }
    },
  };
}
