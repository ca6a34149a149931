import { setTimeout as sleepFor } from 'node:timers/promises';
import { type ErrorCode, HeadraceError } from '../../errors.ts';
import { pauseBeforeTry } from './sink-faults.ts';
import type { SinkWorkerOptions } from './sink-options.ts';

interface Fault {
  readonly message: string;
  readonly code: ErrorCode | undefined;
}

/** What a sink has met last, and its pauses before it tries again. */
export class SinkPatience {
  #lastError: Fault | undefined;
  readonly #options: SinkWorkerOptions;
  readonly #stopping: AbortSignal;
  readonly #onReport: () => void;

  /** @param stopping ends a pause. @param onReport is called behind each report. */
  constructor(options: SinkWorkerOptions, stopping: AbortSignal, onReport: () => void) {
    this.#options = options;
    this.#stopping = stopping;
    this.#onReport = onReport;
  }

  /** The error of the last try, until one succeeds. */
  get lastError(): Fault | undefined {
    return this.#lastError;
  }

  succeeded(): void {
    this.#lastError = undefined;
  }

  async backOff(attempt: number, error: unknown): Promise<void> {
    this.report(error);
    await this.pause(pauseBeforeTry(attempt));
  }

  async pause(milliseconds: number): Promise<void> {
    const sleep = this.#options.sleep ?? ((ms, signal) => sleepFor(ms, undefined, { signal }));
    await sleep(milliseconds, this.#stopping).catch(() => undefined);
  }

  report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof HeadraceError ? error.code : undefined;
    this.#lastError = { message, code };
    this.#options.logger?.warn({ sink: this.#options.sink, code, error: message }, 'The sink met an error');
    this.#onReport();
  }
}
