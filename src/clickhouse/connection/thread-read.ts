import { setTimeout as sleep } from 'node:timers/promises';
import { errorOf } from '../../error-message.ts';
import { HeadraceError } from '../../errors.ts';
import type { ReadOptions } from '../clickhouse.ts';
import { killQuery } from './kill-query.ts';
import type { ReaderOrders } from './reader-main.ts';
import { type FromReader, isEnd } from './reader-messages.ts';
import { ReaderThread } from './reader-thread.ts';
import { brokenOff } from './refusal.ts';

/** How long a query that is to end has until it is killed, and until it is killed again. */
const KILL_AFTER_MS = 50;

/** By its number a query is found among those of this process; the engine lives in no other. */
let reads = 0;

/** A reader's query in a thread, as the main thread has it. It has begun when it is made; see ClickHouse.read. */
export class ThreadRead {
  readonly #path: string;
  readonly #options: ReadOptions;
  readonly #mark = `headrace reader ${++reads}`;
  readonly #thread: ReaderThread;
  /** What the consumer has yet to take. */
  readonly #arrived: FromReader[] = [];
  #onArrival = () => {};
  #hasEnded = false;
  #onEnded = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#onEnded = resolve;
  });
  #ending: Promise<void> | undefined;
  #reason: HeadraceError | undefined;

  constructor(orders: ReaderOrders, path: string, sql: string, options: ReadOptions) {
    const { signal: _signal, onFormat: _onFormat, ...toldOptions } = options;
    this.#path = path;
    this.#options = options;
    const order = { path, sql, mark: this.#mark, options: toldOptions };
    this.#thread = ReaderThread.begin(orders, order, (message) => this.#take(message));
  }

  /** The result. Has ended in the thread too when it ends, whether all is read, or the consumer turns away, or it rejects. */
  async *chunks(): AsyncIterable<Uint8Array> {
    const { signal, onFormat } = this.#options;
    const abort = () => void this.breakOff(brokenOff());
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    try {
      for (;;) {
        const message = await this.#next();
        if (message.kind === 'end') return;
        if (message.kind === 'failed') throw errorOf(message.error);
        if (message.kind === 'format' || message.kind === 'small') onFormat?.(message.format);
        if (message.kind === 'small') {
          if (message.text !== '') yield Buffer.from(message.text);
          return;
        }
        if (message.kind !== 'chunk') continue;
        // The thread may have another's query by now.
        if (!this.#hasEnded) this.#thread.send({ kind: 'taken' });
        const { buffer, byteOffset, byteLength } = message.bytes;
        yield Buffer.from(buffer, byteOffset, byteLength);
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      await this.#end();
    }
  }

  /** Ends the query, whose consumer gets `reason` for what it has yet to take. Resolves when it has ended in the thread. */
  breakOff(reason: HeadraceError): Promise<void> {
    this.#reason ??= reason;
    this.#onArrival();
    return this.#end();
  }

  /** A thread that is inside of the engine hears nothing: so its query is killed from here, until it has ended. */
  #end(): Promise<void> {
    this.#ending ??= (async () => {
      if (!this.#hasEnded) this.#thread.send({ kind: 'stop' });
      for (;;) {
        await Promise.race([this.#ended, sleep(KILL_AFTER_MS, undefined, { ref: false })]);
        if (this.#hasEnded) return;
        await killQuery(this.#path, this.#mark);
      }
    })();
    return this.#ending;
  }

  async #next(): Promise<FromReader> {
    while (this.#arrived.length === 0 && this.#reason === undefined) {
      await new Promise<void>((resolve) => {
        this.#onArrival = resolve;
      });
    }
    if (this.#reason === undefined) return this.#arrived.shift()!;
    await this.#end();
    throw this.#reason;
  }

  #take(message: FromReader): void {
    if (message.kind === 'faulted') {
      void this.breakOff(faulted(message.error.message));
      return;
    }
    this.#arrived.push(message);
    this.#onArrival();
    if (!isEnd(message)) return;
    this.#hasEnded = true;
    this.#onEnded();
  }
}

function faulted(message: string): HeadraceError {
  return new HeadraceError('CLICKHOUSE_FAILED', `A reader's thread failed: ${message}`, { retriable: true });
}
