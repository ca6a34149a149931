import type { StoredRecord } from '../node.ts';

/** A record as JSON for people and machines: bytes that are text as text, others as base64 under a name that says so. */
export function toJson(topic: string, partition: number, record: StoredRecord): Record<string, unknown> {
  return {
    topic,
    partition,
    offset: record.offset,
    timestamp: new Date(record.timestamp).toISOString(),
    ...named('key', record.key),
    ...named('value', record.value),
    ...(record.headers.length === 0
      ? {}
      : { headers: record.headers.map(([name, value]) => ({ name, ...named('value', value) })) }),
  };
}

function named(name: string, bytes: Uint8Array | null): Record<string, unknown> {
  if (bytes === null) return { [name]: null };
  const text = asText(bytes);
  return text === undefined ? { [`${name}Base64`]: Buffer.from(bytes).toString('base64') } : { [name]: asJson(text) };
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
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
