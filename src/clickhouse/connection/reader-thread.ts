import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../compiled-module.ts';
import { errorMessage } from '../../error-message.ts';
import { HeadraceError } from '../../errors.ts';
import { killAtExitWhile } from './kill-at-exit.ts';
import type { ReaderOrders } from './reader-main.ts';
import { type FromReader, isEnd, type ReadOrder, type ToReader } from './reader-messages.ts';

/** Its type is imported above, so it is compiled with all that reads. */
const ENTRY = compiledModule('reader-main', import.meta.url);

/** As a main thread has it: with the 4 MB that Node.js gives a thread, ClickHouse refuses statements that it takes otherwise. */
const STACK_MB = 8;

/** Those that no query has. */
const idle: ReaderThread[] = [];
/** Those that one has. */
const busy = new Set<ReaderThread>();

killAtExitWhile(() => busy.size > 0);

/**
 * A thread in which readers' queries run, one at a time. What the engine parses, analyzes and plans, scalar subqueries too, runs on the
 * thread that asks for a stream, for as long as it takes.
 *
 * Threads are the process's, and stay when a store is closed: a thread that ends, however it ends, closes all connections that
 * the process has to the engine, the writer's in the midst of an insert too (the cleanup hook of chdb 3.4.0).
 */
export class ReaderThread {
  readonly #worker: Worker;
  #onMessage: ((message: FromReader) => void) | undefined;
  #hasFaulted = false;
  #hasAnswered = false;

  /** Has a query run in a thread that is free; `onMessage` is told what comes of it. */
  static begin(orders: ReaderOrders, order: ReadOrder, onMessage: (message: FromReader) => void): ReaderThread {
    if (idle.length === 0) idle.push(new ReaderThread(orders));
    const thread = idle.at(-1)!;
    thread.send({ kind: 'read', order });
    idle.pop();
    busy.add(thread);
    thread.#onMessage = onMessage;
    thread.#worker.ref();
    return thread;
  }

  private constructor(orders: ReaderOrders) {
    // What the process was started with (a module to load first, a script in place of a file) is none of its business.
    this.#worker = new Worker(ENTRY, { workerData: orders, execArgv: [], resourceLimits: { stackSizeMb: STACK_MB } });
    this.#worker.unref();
    this.#worker.on('message', (message: FromReader) => {
      this.#hasAnswered = true;
      this.#take(message);
    });
    this.#worker.on('messageerror', (error) => this.#take({ kind: 'faulted', error: errorMessage(error) }));
    this.#worker.on('error', (error) => this.#take({ kind: 'faulted', error: errorMessage(error) }));
    this.#worker.on('exit', (code) => {
      const error = ended(code);
      // Whatever this process asked the engine next would be asked through a connection that is gone, and never be answered.
      if (this.#hasAnswered) throw error;
      this.#fault();
      this.#take({ kind: 'failed', error: errorMessage(error) });
    });
  }

  send(message: ToReader): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromReader): void {
    const onMessage = this.#onMessage;
    if (message.kind === 'faulted') this.#fault();
    if (isEnd(message)) this.#free();
    onMessage?.(message);
  }

  #fault(): void {
    this.#hasFaulted = true;
    const at = idle.indexOf(this);
    if (at >= 0) idle.splice(at, 1);
  }

  #free(): void {
    busy.delete(this);
    this.#onMessage = undefined;
    this.#worker.unref();
    if (!this.#hasFaulted) idle.push(this);
  }
}

function ended(code: number): HeadraceError {
  const message = `A reader's thread has ended by itself, with exit code ${code}, and with it this process's connections to ClickHouse`;
  return new HeadraceError('CLICKHOUSE_FAILED', message, { retriable: true });
}
