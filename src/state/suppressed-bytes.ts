import type { Headers } from '../log/record.ts';

/** A change as it waits in the buffer of a suppress operator. */
export interface SuppressedBytes {
  readonly value: Uint8Array | null;
  /** The row that the last change replaced. */
  readonly before: Uint8Array | null;
  /** The row before the first change in the buffer. */
  readonly prior: Uint8Array | null;
  readonly timestamp: number;
  readonly headers: Headers;
}

const LENGTH_BYTES = 4;
const TIMESTAMP_BYTES = 8;
const NONE = 0xff_ff_ff_ff;

/** The timestamp, then value, before, prior and the headers' names and values, each with its length before it. */
export function writeSuppressed({ value, before, prior, timestamp, headers }: SuppressedBytes): Uint8Array {
  const parts = [value, before, prior];
  for (const [name, content] of headers) parts.push(Buffer.from(name), content);
  const length = parts.reduce((sum, part) => sum + LENGTH_BYTES + (part?.length ?? 0), TIMESTAMP_BYTES);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, timestamp);
  let at = TIMESTAMP_BYTES;
  for (const part of parts) {
    view.setUint32(at, part === null ? NONE : part.length);
    at += LENGTH_BYTES;
    if (part !== null) bytes.set(part, at);
    at += part?.length ?? 0;
  }
  return bytes;
}

/** The parts are copies. */
export function readSuppressed(bytes: Uint8Array): SuppressedBytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = TIMESTAMP_BYTES;
  const next = (): Uint8Array | null => {
    const length = view.getUint32(at);
    at += LENGTH_BYTES;
    if (length === NONE) return null;
    at += length;
    return bytes.slice(at - length, at);
  };
  const [value, before, prior] = [next(), next(), next()];
  const headers: [string, Uint8Array | null][] = [];
  while (at < bytes.length) headers.push([new TextDecoder().decode(next()!), next()]);
  return { value, before, prior, timestamp: view.getFloat64(0), headers };
}
