import { HeadraceError } from '../../errors.ts';
import type { HeadraceNode, StoredRecord } from '../node.ts';

/** What an Avro frame begins with: before its schema's id, or where a header names its schema. */
const FRAME_STARTS: readonly number[] = [0, 1];
const DEAD_LETTERS = /\.dlq$/;

/**
 * A record as JSON for people and machines: values in Avro as their schema says, bytes that are text as text, others as
 * base64 under a name that says so. A dead letter is read as a record of the topic that it came from, where it can be.
 */
export async function toJson(
  node: HeadraceNode,
  topic: string,
  partition: number,
  record: StoredRecord,
): Promise<Record<string, unknown>> {
  return {
    topic,
    partition,
    offset: record.offset,
    timestamp: new Date(record.timestamp).toISOString(),
    ...(ownPart(node, topic, 'key', record) ?? named('key', record.key)),
    ...((await decoded(node, topic, record)) ?? named('value', record.value)),
    ...(record.headers.length === 0
      ? {}
      : { headers: record.headers.map(([name, value]) => ({ name, ...named('value', value) })) }),
  };
}

/** As the serdes of a user's topology read it. */
function ownPart(
  { formats: { plain } }: HeadraceNode,
  topic: string,
  part: 'key' | 'value',
  record: StoredRecord,
): Record<string, unknown> | undefined {
  const bytes = record[part];
  const read = bytes === null ? undefined : plain?.(topic.replace(DEAD_LETTERS, ''), part, bytes, record.headers);
  return read === undefined ? undefined : { [part]: read };
}

async function decoded(
  node: HeadraceNode,
  topic: string,
  record: StoredRecord,
): Promise<Record<string, unknown> | undefined> {
  const own = ownPart(node, topic, 'value', record);
  if (own !== undefined || node.formats.plain !== undefined) return own;
  const { formats } = node;
  const { value, headers } = record;
  if (value === null || !FRAME_STARTS.includes(value[0] ?? -1)) return undefined;
  try {
    return { value: await formats.resolveValue(topic.replace(DEAD_LETTERS, ''), value, headers) };
  } catch (error) {
    if (error instanceof HeadraceError && error.retriable) throw error;
    return undefined;
  }
}

function named(name: string, bytes: Uint8Array | null): Record<string, unknown> {
  if (bytes === null) return { [name]: null };
  const text = asText(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: asJson(text) };
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    // Text has no zero bytes; what a number is written in has many.
    return bytes.includes(0) ? undefined : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** JSON objects and lists are shown as such; everything else stays the text it is. */
function asJson(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
