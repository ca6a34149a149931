import type { HeadraceError } from '../errors.ts';
import { type Headers, NO_HEADERS } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import { DEAD_LETTER_BYTES_MAX } from '../log/record-buffer.ts';
import { callPlaceHeaders } from './async/call-place.ts';
import type { RecordCollector } from './record-collector.ts';
import { ownHeaders } from './replay.ts';

/** Where the dead letters of a topic go. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** Removes from a text what must never be kept (card numbers, design D15). */
export type Redact = (text: string) => string;

/** Longest error text that a header carries. */
const ERROR_TEXT_MAX = 8_192;

/**
 * A record that could not be processed: its own headers and the six of KIP-1034 that say what happened and where (the names
 * are those of Kafka Streams' ExceptionHandlerUtils, which came with 4.2), each text bounded.
 */
export function deadLetterHeaders(batch: RecordBatch, index: number, error: unknown, redact: Redact): Headers {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const name = cause instanceof Error ? cause.name : typeof cause;
  const message = error instanceof Error ? error.message : String(error);
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  return letterHeaders(batch, index, [name, message, stack], redact);
}

function letterHeaders(
  batch: RecordBatch,
  index: number,
  [name, message, stack]: readonly [string, string, string],
  redact: Redact,
): Headers {
  const text = (value: string) => Buffer.from(redact(value).slice(0, ERROR_TEXT_MAX));
  return [
    ...ownHeaders(batch.headersAt(index)),
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

export interface DeadLettersOptions {
  readonly collector: RecordCollector;
  readonly redact: Redact;
  readonly task: string;
  /** Of the records of these topics somebody outside is asked. */
  readonly calledAbout: ReadonlySet<string>;
}

/** Sends records as they came to the dead-letter topics of their topics, in the commit under way. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  /** What failed, and where; with the place among the records of its key where those wait. */
  bury(
    batch: RecordBatch,
    index: number,
    error: HeadraceError,
    said: DeadLetterPlace,
    parked: Headers = NO_HEADERS,
  ): void {
    const { redact, task } = this.#options;
    const { stage, operator = error.where.operator, sinkTopic } = said;
    const place = { code: error.code, stage, task, operator, 'sink-topic': sinkTopic };
    const own = Object.entries(place).flatMap(([name, value]) =>
      value === undefined ? [] : [[`__headrace.errors.${name}`, Buffer.from(value)] as const],
    );
    this.#append(batch, index, [...deadLetterHeaders(batch, index, error, redact), ...own, ...parked]);
  }

  /** What did not fail itself: `name` stands in the place of an exception. */
  putAside(batch: RecordBatch, index: number, name: string, message: string, parked: Headers): void {
    this.#append(batch, index, [...letterHeaders(batch, index, [name, message, ''], this.#options.redact), ...parked]);
  }

  #append(batch: RecordBatch, index: number, headers: Headers): void {
    const { collector, redact, calledAbout } = this.#options;
    const call = calledAbout.has(batch.topic) ? callPlaceHeaders(batch, index) : NO_HEADERS;
    const output = collector.output(deadLetterTopic(batch.topic));
    // A topic that someone made by hand may have fewer partitions; the headers say where the record came from.
    output.append(
      batch.partition % output.partitions,
      batch.timestampAt(index),
      redactBytes(batch.keyAt(index), redact),
      redactBytes(batch.valueAt(index), redact),
      call.length === 0 ? headers : [...headers, ...call],
      DEAD_LETTER_BYTES_MAX,
    );
  }
}

export interface DeadLetterPlace {
  readonly stage: string;
  readonly operator?: string | undefined;
  readonly sinkTopic?: string | undefined;
}
