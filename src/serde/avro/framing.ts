import type { Headers } from '../../log/record.ts';
import { unreadable } from './byte-reader.ts';

/** Names a schema within a registry: by the number that it gave, or by the GUID that is the same in every registry. */
export type SchemaReference = { readonly id: number } | { readonly guid: string };

/** A value and the schema that it was written with. */
export interface Framed {
  readonly schema: SchemaReference;
  readonly bytes: Uint8Array;
  /** Where Avro's bytes begin. */
  readonly start: number;
}

/**
 * Confluent's wire format: a 0 and the id as four bytes, big-endian; newer clients write a 1 and a GUID of 16 bytes, and
 * these in the header below rather than in front of the value.
 */
export const MAGIC_ID = 0;
const MAGIC_GUID = 1;
export const ID_BYTES = 5;
const GUID_BYTES = 17;

export type RecordPart = 'key' | 'value';
const HEADERS: Readonly<Record<RecordPart, string>> = { key: '__key_schema_id', value: '__value_schema_id' };

/**
 * Finds the schema of a value: by its header, else in front of it. Undefined where there is neither, so that it is no
 * Avro (no JSON text begins with a 0 or a 1). Throws DESERIALIZATION_FAILED for a frame that is cut off.
 */
export function readFrame(
  bytes: Uint8Array,
  headers: Headers | undefined,
  part: RecordPart = 'value',
): Framed | undefined {
  const header = lastHeader(headers, HEADERS[part]);
  if (header !== undefined) {
    const schema = referenceIn(header);
    if (schema === undefined) throw unreadable(`the header ${HEADERS[part]} names no schema`);
    return { schema, bytes, start: 0 };
  }
  if (bytes[0] !== MAGIC_ID && bytes[0] !== MAGIC_GUID) return undefined;
  const schema = referenceIn(bytes);
  if (schema === undefined) throw unreadable('they end within the frame');
  return { schema, bytes, start: bytes[0] === MAGIC_ID ? ID_BYTES : GUID_BYTES };
}

/** The id in a frame that begins there, with MAGIC_ID. */
export function schemaIdAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at + 1]! << 24) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 8) | bytes[at + 4]!) >>> 0;
}

function referenceIn(bytes: Uint8Array): SchemaReference | undefined {
  if (bytes[0] === MAGIC_ID && bytes.length >= ID_BYTES) {
    return { id: schemaIdAt(bytes, 0) };
  }
  if (bytes[0] !== MAGIC_GUID || bytes.length < GUID_BYTES) return undefined;
  const digits = Buffer.from(bytes.subarray(1, GUID_BYTES)).toString('hex');
  return { guid: digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') };
}

/** Kafka lets a header stand twice; the last one counts. */
function lastHeader(headers: Headers | undefined, name: string): Uint8Array | undefined {
  if (headers === undefined) return undefined;
  for (let at = headers.length - 1; at >= 0; at--) {
    const [header, value] = headers[at]!;
    if (header === name) return value ?? undefined;
  }
  return undefined;
}
