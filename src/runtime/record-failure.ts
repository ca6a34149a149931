import { HeadraceError } from '../errors.ts';
import { NO_HEADERS } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';
import type { CurrentRecord } from './current-record.ts';
import { type DeadLetters, type Redact, redactBytes } from './dead-letter.ts';
import type { ErrorAnswer, ErrorPolicy, ErrorRecord, ErrorStage } from './error-handlers.ts';
import type { RecordGate } from './record-gate.ts';
import type { OnSkipped } from './skip-reason.ts';
import type { TaskCounters } from './task-counters.ts';

/** What is to be told of a record that is done with; see RecordGate. */
export type FailureGate = Pick<RecordGate, 'failed' | 'settle'>;

export interface RecordFailuresOptions {
  readonly policy: ErrorPolicy;
  readonly task: string;
  readonly partition: number;
  readonly record: CurrentRecord;
  readonly letters: DeadLetters;
  readonly redact: Redact;
  readonly counters: TaskCounters;
  /** Told of the operator by whose failure something was skipped, as Kafka Streams counts dropped records. */
  readonly onSkippedBy: OnSkipped | undefined;
}

/** What was decided before the error went up, through user's code which may catch it: by the producing handler, or by an invariant. */
interface Verdict {
  readonly error: HeadraceError;
  readonly answer: ErrorAnswer;
  readonly sinkTopic?: string;
}

/** A record in a batch, and where it failed. */
interface Failed {
  readonly batch: RecordBatch | undefined;
  readonly index: number;
  readonly timestamp: number;
  readonly operator?: string | undefined;
  readonly sinkTopic?: string | undefined;
}

/**
 * What a task does about records that fail: asks the handler of the place where it happened (KIP-161, KIP-1033, KIP-210), then
 * buries the record, goes on without it, or throws what ends the worker. Whoever calls has undone the record.
 */
export class RecordFailures {
  readonly #options: RecordFailuresOptions;
  #verdict: Verdict | undefined;

  constructor(options: RecordFailuresOptions) {
    this.#options = options;
  }

  /** Why the record in process fails although its operators returned: one of them caught what its forward threw. */
  get decided(): HeadraceError | undefined {
    return this.#verdict?.error;
  }

  /** A record of a source could not be decoded. Returns when it is done with. */
  undecodable(batch: RecordBatch, index: number, error: unknown, source: string, gate: FailureGate): void {
    if (isNoRecordsFault(error)) throw error;
    const failed = { batch, index, timestamp: batch.timestampAt(index), operator: source };
    this.#settle('decoding', this.#located(error, 'DESERIALIZATION_FAILED', failed), failed, gate);
  }

  /** The record in process failed, and is undone. Returns when it is done with. */
  failed(batch: RecordBatch, index: number, timestamp: number, error: unknown, gate: FailureGate): void {
    const verdict = this.#takeVerdict();
    if (isNoRecordsFault(error)) throw error;
    const failed = { batch, index, timestamp };
    if (verdict === undefined) {
      this.#settle('processing', this.#located(error, 'PROCESSING_FAILED', failed), failed, gate);
    } else {
      if (verdict.answer === 'fail') throw verdict.error;
      this.#bury('producing', verdict.error, { ...failed, sinkTopic: verdict.sinkTopic }, gate);
    }
  }

  /** A punctuation or an idle tick failed, and is undone. Returns where it is to be skipped. */
  failedWithoutRecord(timestamp: number, error: unknown): void {
    const verdict = this.#takeVerdict();
    if (isNoRecordsFault(error)) throw error;
    // There is nothing to bury.
    if (verdict !== undefined) throw verdict.error;
    const failed = { batch: undefined, index: 0, timestamp };
    const located = this.#located(error, 'PROCESSING_FAILED', failed);
    if (this.#ask('processing', located, failed) !== 'skip') throw located;
  }

  /** Throws what ends the worker, once whoever catches it has undone the step: no handler is asked. */
  endWith(error: HeadraceError): never {
    const { batch, index, timestamp } = this.#options.record;
    const located = this.#located(error, 'PROCESSING_FAILED', { batch, index, timestamp });
    this.#verdict = { error: located, answer: 'fail' };
    throw located;
  }

  /** A forward of the record in process failed. Returns where it is to be left out, and throws what undoes the record. */
  unproduced(error: HeadraceError, sinkTopic: string): void {
    if (isNoRecordsFault(error)) throw error;
    const { record } = this.#options;
    const { batch, index, timestamp } = record;
    const failed = { batch, index, timestamp, sinkTopic };
    const located = this.#located(error, 'SERIALIZATION_FAILED', failed);
    let answer: ErrorAnswer = 'fail';
    let thrown: unknown = located;
    try {
      answer = this.#ask('producing', located, failed);
    } catch (ofHandler) {
      thrown = ofHandler;
    }
    if (answer === 'skip') return;
    // The user's code may have caught an earlier one: what is to end the worker does.
    if (this.#verdict?.answer !== 'fail') this.#verdict = { error: thrown as HeadraceError, answer, sinkTopic };
    throw thrown;
  }

  #takeVerdict(): Verdict | undefined {
    const verdict = this.#verdict;
    this.#verdict = undefined;
    return verdict;
  }

  #settle(stage: ErrorStage, error: HeadraceError, failed: Failed, gate: FailureGate): void {
    const answer = this.#ask(stage, error, failed);
    if (answer === 'fail') throw error;
    if (answer === 'deadLetter') this.#bury(stage, error, failed, gate);
    else gate.settle();
  }

  #bury(stage: ErrorStage, error: HeadraceError, { batch, index, sinkTopic }: Failed, gate: FailureGate): void {
    const { letters, counters } = this.#options;
    const parked = gate.failed(batch!, index);
    letters.bury(batch!, index, error, { stage, sinkTopic }, parked);
    counters.deadLetters++;
  }

  /** The handler's answer; a skip is counted and told here. Throws where the handler itself fails. */
  #ask(stage: ErrorStage, error: HeadraceError, failed: Failed): ErrorAnswer {
    const { policy, counters, onSkippedBy } = this.#options;
    const handler = policy.errorHandlers?.[stage];
    if (handler === undefined) return 'deadLetter';
    const record = this.#recordOf(failed, error);
    try {
      const answer: unknown = handler(error, record);
      if (answer !== 'deadLetter' && answer !== 'skip' && answer !== 'fail') {
        throw new HeadraceError('PROCESSING_FAILED', `it answered ${String(answer)}, not deadLetter, skip or fail`);
      }
      if (answer === 'skip') {
        counters.dropped++;
        onSkippedBy?.(record.operator ?? stage, 'error handler');
        policy.onSkipped?.(error, record);
      }
      return answer;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new HeadraceError(
        'PROCESSING_FAILED',
        `The ${stage} error handler failed: ${reason}. It was asked about: ${error.message}`,
        {
          cause,
          where: error.where,
        },
      );
    }
  }

  #recordOf({ batch, index, timestamp, sinkTopic }: Failed, error: HeadraceError): ErrorRecord {
    const { task, partition, redact } = this.#options;
    const copyOf = (bytes: Uint8Array | null) => (bytes === null ? null : Uint8Array.from(redactBytes(bytes, redact)!));
    return {
      task,
      operator: error.where.operator,
      topic: batch?.topic,
      partition,
      offset: batch === undefined ? -1 : batch.offsetAt(index),
      timestamp,
      headers: batch === undefined ? NO_HEADERS : batch.headersAt(index),
      key: batch === undefined ? null : copyOf(batch.keyAt(index)),
      value: batch === undefined ? null : copyOf(batch.valueAt(index)),
      sinkTopic,
    };
  }

  /** The error with all that is known of its place; what was thrown stays its cause. */
  #located(
    error: unknown,
    code: 'DESERIALIZATION_FAILED' | 'PROCESSING_FAILED' | 'SERIALIZATION_FAILED',
    failed: Failed,
  ): HeadraceError {
    const { task, partition } = this.#options;
    const { batch, index } = failed;
    const source = batch === undefined ? {} : { topic: batch.topic, offset: batch.offsetAt(index) };
    const operator = failed.operator === undefined ? {} : { operator: failed.operator };
    const where = { task, partition, ...source, ...operator };
    if (!(error instanceof HeadraceError)) {
      return new HeadraceError(code, error instanceof Error ? error.message : String(error), { cause: error, where });
    }
    const { retriable, cause = error } = error;
    return new HeadraceError(error.code, error.message, { retriable, cause, where: { ...where, ...error.where } });
  }
}

/** Storage, log, group and registry that fail are no fault of the record: such an error is never a dead letter. */
function isNoRecordsFault(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof HeadraceError)) continue;
    // What befell the callee, Headrace's own errors included, is not ours.
    if (cause.code === 'CALL_FAILED') return false;
    if (/^(STORAGE|LOG|MEMBER|COMMIT)_/.test(cause.code) || cause.code === 'SCHEMA_UNAVAILABLE') return true;
  }
  return false;
}
