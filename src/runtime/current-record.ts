import { type Headers, NO_HEADERS } from '../log/record.ts';
import type { RecordBatch } from '../log/record-batch.ts';

/** The record that a task is processing. One object for all records of a task: it is read, never kept. */
export class CurrentRecord {
  topic = '';
  partition = 0;
  offset = -1;
  timestamp = 0;
  /** The bytes it came in; undefined in the course of a punctuation. */
  batch: RecordBatch | undefined;
  index = 0;
  #headers: Headers | undefined;

  /** Moves on to a record of a batch; its headers are decoded only when somebody asks. */
  moveTo(batch: RecordBatch, index: number, offset: number, timestamp: number): void {
    this.topic = batch.topic;
    this.partition = batch.partition;
    this.offset = offset;
    this.timestamp = timestamp;
    this.batch = batch;
    this.index = index;
    this.#headers = undefined;
  }

  /** No record is being processed: what is forwarded now has headers of its own or none. */
  leave(timestamp: number): void {
    this.batch = undefined;
    this.timestamp = timestamp;
    this.#headers = NO_HEADERS;
  }

  get headers(): Headers {
    if (this.#headers === undefined) this.#headers = this.batch?.headersAt(this.index) ?? NO_HEADERS;
    return this.#headers;
  }

  /** For a forward with headers of its own; returns what was there. */
  replaceHeaders(headers: Headers): Headers {
    const before = this.headers;
    this.#headers = headers;
    return before;
  }
}
