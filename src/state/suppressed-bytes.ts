import type { Headers } from '../log/record.ts';
import { joinParts, partsIn } from '../serde/parts.ts';
import { numberAt, writeNumber } from './number-bytes.ts';

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

const TIMESTAMP_BYTES = 8;

/** The timestamp, then value, before, prior and the headers' names and values, each with its length before it. */
export function writeSuppressed({ value, before, prior, timestamp, headers }: SuppressedBytes): Uint8Array {
  const parts = [value, before, prior];
  for (const [name, content] of headers) parts.push(Buffer.from(name), content);
  const bytes = joinParts(parts, TIMESTAMP_BYTES);
  writeNumber(bytes, 0, timestamp);
  return bytes;
}

/** The parts are copies. */
export function readSuppressed(bytes: Uint8Array): SuppressedBytes {
  const parts = partsIn(bytes, 'A change that is held back', TIMESTAMP_BYTES).map((part) => part?.slice() ?? null);
  const [value = null, before = null, prior = null, ...rest] = parts;
  const headers: [string, Uint8Array | null][] = [];
  for (let i = 0; i < rest.length; i += 2) headers.push([new TextDecoder().decode(rest[i]!), rest[i + 1] ?? null]);
  return { value, before, prior, timestamp: numberAt(bytes, 0), headers };
}
