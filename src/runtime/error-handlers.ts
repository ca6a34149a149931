import type { HeadraceError } from '../errors.ts';
import type { Headers } from '../log/record.ts';

/**
 * What becomes of a record that failed. `deadLetter`: undone whole, its raw bytes go to the dead letters of its topic.
 * `skip`: undone whole, counted as dropped; of what could not be produced only that one outgoing record is left out. `fail`:
 * the worker ends with the error, nothing of the record is committed, and a restart meets it again.
 */
export type ErrorAnswer = 'deadLetter' | 'skip' | 'fail';

/** The input record in whose course something failed. */
export interface ErrorRecord {
  /** Sub-topology and partition, such as `0_3`. */
  readonly task: string;
  /** Where it failed: bytes that can't be decoded fail at their source. */
  readonly operator: string | undefined;
  /** Undefined in the course of a punctuation or an idle tick, which have no record: offset -1, null bytes, no headers. */
  readonly topic: string | undefined;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970; before decoding the log's, later what the timestamp extractor said. */
  readonly timestamp: number;
  readonly headers: Headers;
  /** Copies of the raw bytes, with what must not be kept masked as in a dead letter. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Where the record was going that could not be produced. */
  readonly sinkTopic: string | undefined;
}

/**
 * Decides what becomes of a record that failed; called in the record path, so it answers at once. What it throws counts as
 * `fail`. The error's own text is as it was thrown, nothing in it is masked.
 */
export type ErrorHandler = (error: HeadraceError, record: ErrorRecord) => ErrorAnswer;

/**
 * Handlers of the three places where a record can fail (KIP-161, KIP-1033, KIP-210); each is `deadLetter` by default. Faults
 * of storage, log, membership, commits and schema registries are no record's fault and reach none of them.
 */
export interface ErrorHandlers {
  /** Its bytes are not what the serde reads, or the timestamp extractor failed. */
  readonly decoding?: ErrorHandler;
  /** An operator failed; also a punctuation or an idle tick, where `deadLetter` is `fail`: there is nothing to bury. */
  readonly processing?: ErrorHandler;
  /** A forward to a topic failed: its key or value has no bytes, it is too large, its timestamp is none. */
  readonly producing?: ErrorHandler;
}

/** Where a record failed. */
export type ErrorStage = keyof ErrorHandlers;

/** What a worker does about records that fail. */
export interface ErrorPolicy {
  readonly errorHandlers?: ErrorHandlers | undefined;
  /** Told of each record, and each forward, that a handler skipped. What it throws ends the worker. */
  readonly onSkipped?: ((error: HeadraceError, record: ErrorRecord) => void) | undefined;
  /**
   * Later records of a key wait behind its dead letter until that is replayed or discarded, see ParkedKeys; at most so many
   * keys of a partition (10,000). Without it a key goes on past its dead letters.
   */
  readonly parkKeys?: boolean | { readonly keysMax: number } | undefined;
}
