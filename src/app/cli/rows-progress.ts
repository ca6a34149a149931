import type { Clock } from '../../clock.ts';
import { grouped } from './output.ts';

const REDRAW_MS = 200;

/** Says on a terminal, in one line that changes, what long work is at; elsewhere nothing. */
export class RowsProgress {
  readonly #stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  readonly #clock: Clock;
  #shownAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  readonly update = (doing: string, rows: number): void => {
    const now = this.#clock();
    if (this.#stream.isTTY !== true || now - this.#shownAt < REDRAW_MS) return;
    this.#shownAt = now;
    this.#isShown = true;
    this.#stream.write(`\r\u001b[K${doing}${rows > 0 ? `: ${grouped(rows)} rows` : ''}`);
  };

  /** Takes the line away. */
  close(): void {
    if (this.#isShown) this.#stream.write('\r\u001b[K');
    this.#isShown = false;
  }
}
