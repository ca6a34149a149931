import { Worker } from 'node:worker_threads';
import { compiledModule } from '../../compiled-module.ts';
import { errorMessage, errorOf } from '../../error-message.ts';
import { HeadraceError } from '../../errors.ts';
import type { NewRecord } from '../../log/record.ts';
import type { RunningWorkers, WorkFigures } from '../system-workers.ts';
import type { FromThread, ThreadOrders, ToThread } from './thread-messages.ts';

export interface ThreadWorkersOptions {
  readonly orders: ThreadOrders;
  /** As Log.append, for what the thread has to say. */
  readonly append: (records: readonly NewRecord[]) => Promise<unknown>;
  readonly onFault: (source: string, error: HeadraceError) => void;
  /** Told once when the thread can't go on, or has ended without being asked to. */
  readonly onFailure: (error: HeadraceError) => void;
}

/** A last commit and a word to each group take less, also where brokers are slow; a thread that does not answer is ended then. */
const CLOSE_MAX_MS = 30_000;

const ENTRY = compiledModule('thread-main', import.meta.url);

const NOTHING: WorkFigures = {
  processed: 0,
  deadLetters: 0,
  parked: 0,
  commits: 0,
  aborts: 0,
  lag: 0,
  workers: [],
};

/** The systems' workers in a thread of their own, as the main thread has them. */
export class ThreadWorkers implements RunningWorkers {
  readonly #options: ThreadWorkersOptions;
  readonly #thread: Worker;
  readonly #place: string;
  readonly #idle = new Map<number, () => void>();
  readonly #closed: Promise<void>;
  #figures = NOTHING;
  #nextId = 0;
  #hasFailed = false;
  #isClosing = false;
  #hasEnded = false;
  #onEnded: () => void = () => {};

  constructor(options: ThreadWorkersOptions) {
    this.#options = options;
    this.#place = `Thread ${options.orders.number}: `;
    this.#closed = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
    this.#thread = new Worker(ENTRY, { workerData: options.orders });
    this.#thread.on('message', (message: FromThread) => this.#take(message));
    this.#thread.on('messageerror', (error) => this.#fail(errorOf(errorMessage(error), this.#place)));
    this.#thread.on('error', (error) => this.#fail(errorOf(errorMessage(error), this.#place)));
    this.#thread.on('exit', (code) => {
      const ended = new HeadraceError(
        'PROCESSING_FAILED',
        `${this.#place}it has ended by itself, with exit code ${code}`,
      );
      if (!this.#isClosing) this.#fail(ended);
      this.#end();
    });
  }

  idle(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    const id = this.#nextId++;
    const answered = new Promise<void>((resolve) => this.#idle.set(id, resolve));
    this.#send({ kind: 'idle', id });
    return answered;
  }

  figures(): WorkFigures {
    return this.#figures;
  }

  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      this.#send({ kind: 'close' });
    }
    const limit = setTimeout(() => this.#end(), CLOSE_MAX_MS);
    await this.#closed;
    clearTimeout(limit);
    await this.#thread.terminate();
  }

  #take(message: FromThread): void {
    switch (message.kind) {
      case 'idle':
        this.#figures = message.figures;
        this.#idle.get(message.id)?.();
        this.#idle.delete(message.id);
        break;
      case 'figures':
        this.#figures = message.figures;
        break;
      case 'append':
        void this.#append(message.id, message.records);
        break;
      case 'fault':
        this.#options.onFault(message.source, errorOf(message.error));
        break;
      case 'failed':
        this.#fail(errorOf(message.error, this.#place));
        break;
      case 'closed':
        this.#figures = message.figures ?? this.#figures;
        this.#end();
    }
  }

  async #append(id: number, records: readonly NewRecord[]): Promise<void> {
    try {
      // A Buffer arrives as the Uint8Array that it is.
      await this.#options.append(records);
      this.#send({ kind: 'appended', id });
    } catch (error) {
      this.#send({ kind: 'appended', id, error: errorMessage(error) });
    }
  }

  #send(message: ToThread): void {
    if (!this.#hasEnded) this.#thread.postMessage(message);
  }

  #fail(error: HeadraceError): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#options.onFailure(error);
  }

  /** Nobody need wait for it any more. */
  #end(): void {
    this.#hasEnded = true;
    for (const resolve of this.#idle.values()) resolve();
    this.#idle.clear();
    this.#onEnded();
  }
}
