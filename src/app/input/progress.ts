import type { Clock } from '../../clock.ts';

const BAR_CHARACTERS = 24;
const REDRAW_MS = 100;
const LINE_MS = 5_000;
const COLUMNS_DEFAULT = 80;
/** Goes to the first column and clears the line (ECMA-48, EL). */
const CLEAR_LINE = '\r\u001b[K';

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressState {
  readonly rows: number;
  readonly rejected: number;
  readonly bytesRead: number;
  /** Undefined where it is unknown: no share and no time left are shown then. */
  readonly bytesTotal: number | undefined;
}

export interface ProgressOptions {
  readonly stream: ProgressStream;
  readonly clock: Clock;
  readonly label: string;
}

/**
 * Shows how far an input was read: on a terminal a bar in one line, redrawn at most ten times a second; elsewhere a line
 * every five seconds. It draws when it is told something and holds no timer.
 */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #clock: Clock;
  readonly #label: string;
  readonly #startMs: number;
  #drawnMs: number;
  #isBarShown = false;

  constructor({ stream, clock, label }: ProgressOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.#label = label;
    this.#startMs = clock();
    // The first bar comes at once, the first line only when there is something to wait for.
    this.#drawnMs = stream.isTTY ? Number.NEGATIVE_INFINITY : this.#startMs;
  }

  update(state: ProgressState): void {
    const nowMs = this.#clock();
    if (nowMs - this.#drawnMs < (this.#stream.isTTY ? REDRAW_MS : LINE_MS)) return;
    this.#drawnMs = nowMs;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${this.#text(state, nowMs, false)}\n`);
      return;
    }
    // One column stays free: a full line would wrap, and the next redraw would not reach its beginning.
    const text = this.#text(state, nowMs, true).slice(0, (this.#stream.columns ?? COLUMNS_DEFAULT) - 1);
    this.#stream.write(CLEAR_LINE + text);
    this.#isBarShown = true;
  }

  /** Takes the bar away, so that what is written next stands on a clean line. May be called in between, and twice. */
  clear(): void {
    if (!this.#isBarShown) return;
    this.#stream.write(CLEAR_LINE);
    this.#isBarShown = false;
  }

  #text({ rows, rejected, bytesRead, bytesTotal }: ProgressState, nowMs: number, hasBar: boolean): string {
    const seconds = Math.max(0, nowMs - this.#startMs) / 1_000;
    const share = bytesTotal === undefined ? undefined : Math.min(1, bytesRead / Math.max(1, bytesTotal));
    const parts = [`${this.#label}:`];
    if (share !== undefined) parts.push(...(hasBar ? [bar(share)] : []), `${Math.floor(share * 100)} %`);
    parts.push(`${count(rows)} rows`);
    if (rejected > 0) parts.push(`${count(rejected)} rejected`);
    if (seconds >= 1) parts.push(`${count(Math.round(rows / seconds))} rows/s`);
    if (share !== undefined && share > 0 && share < 1 && seconds >= 1) {
      parts.push(`${duration((seconds * (1 - share)) / share)} left`);
    }
    return parts.join('  ');
  }
}

function bar(share: number): string {
  const full = Math.round(share * BAR_CHARACTERS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CHARACTERS - full)}]`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
