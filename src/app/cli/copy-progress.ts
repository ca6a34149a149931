import type { Clock } from '../../clock.ts';

const TERMINAL_INTERVAL_MS = 250;
/** Where a log keeps each line. */
const LINE_INTERVAL_MS = 10_000;
const MIB = 1024 * 1024;

/** Shows how far a long copy is: one line that changes on a terminal, else a line every ten seconds. */
export class CopyProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #clock: Clock;
  readonly #doing: string;
  readonly #startedAt: number;
  #shownAt: number;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream, clock: Clock, doing: string) {
    this.#stream = stream;
    this.#clock = clock;
    this.#doing = doing;
    this.#startedAt = clock();
    this.#shownAt = this.#startedAt;
  }

  readonly update = (doneBytes: number, totalBytes: number): void => {
    const now = this.#clock();
    const isTerminal = this.#stream.isTTY === true;
    if (now - this.#shownAt < (isTerminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS)) return;
    this.#shownAt = now;
    this.#isShown = isTerminal;
    const seconds = Math.max(0.001, (now - this.#startedAt) / 1_000);
    const text = `${this.#doing}: ${mib(doneBytes)} of ${mib(totalBytes)} MiB, ${mib(doneBytes / seconds)} MiB/s`;
    this.#stream.write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
  };

  /** Takes the changing line away. */
  close(): void {
    if (this.#isShown) this.#stream.write('\r\u001b[K');
  }
}

export function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1);
}
