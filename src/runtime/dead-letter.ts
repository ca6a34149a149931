import type { Headers } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';

/** Where the dead letters of a topic go. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** Removes from a text what must never be kept (card numbers, design D15). */
export type Redact = (text: string) => string;

/** Longest error text that a header carries. */
const ERROR_TEXT_MAX = 8_192;

/** A record that could not be processed: its own headers and the six of KIP-1034 that say what happened and where. */
export function deadLetterHeaders(batch: RecordBatch, index: number, error: unknown, redact: Redact): Headers {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const name = cause instanceof Error ? cause.name : typeof cause;
  const message = error instanceof Error ? error.message : String(error);
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const text = (value: string) => Buffer.from(redact(value).slice(0, ERROR_TEXT_MAX));
  return [
    ...batch.headersAt(index).filter(([header]) => !header.startsWith('__streams.errors.')),
    ['__streams.errors.exception', text(name)],
    ['__streams.errors.message', text(message)],
    ['__streams.errors.stacktrace', text(stack)],
    ['__streams.errors.topic', text(batch.topic)],
    ['__streams.errors.partition', text(String(batch.partition))],
    ['__streams.errors.offset', text(String(batch.offsetAt(index)))],
  ];
}

/**
 * The raw bytes of a dead letter with what must not be kept masked. Bytes are read as Latin-1, which maps each byte to
 * one character and back, so that everything else stays as it came.
 */
export function redactBytes(bytes: Uint8Array | null, redact: Redact): Uint8Array | null {
  if (bytes === null) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const redacted = redact(text);
  return redacted === text ? bytes : Buffer.from(redacted, 'latin1');
}
