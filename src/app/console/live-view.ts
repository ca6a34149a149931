import type { Clock } from '../../clock.ts';
import type { NodeStatus } from '../node.ts';
import type { BookFigures } from './books.ts';

/** What the view shows at one moment. */
export interface ViewFrame extends BookFigures {
  readonly status: NodeStatus;
  readonly taken: number;
  readonly accepted: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly address: string;
}

const REFRESH_MS = 500;
const LINE_MS = 5_000;
/** What went wrong is shown for so long, for it says itself when it goes on. */
const FAULT_SHOWN_MS = 15_000;
/** Of a terminal that does not say its width, or says 0 as some pseudo-terminals do. */
const COLUMNS_DEFAULT = 80;
/** Before the values of the block: two spaces and a name. */
const NAME_COLUMNS = 16;

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const BOLD = '\u001b[1m';
const DIM = '\u001b[2m';
const RESET = '\u001b[0m';

/**
 * Shows how a run goes: on a terminal a block that is redrawn in place twice a second, else a line every five seconds.
 */
export class LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #clock: Clock;
  readonly #isTerminal: boolean;
  readonly #startedAt: number;
  #drawnLines = 0;
  #lastDrawnAt = 0;
  #last: { readonly at: number; readonly taken: number } | undefined;
  #rate = 0;
  #faults = 0;
  #faultAt = Number.NEGATIVE_INFINITY;

  constructor(stream: NodeJS.WriteStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#isTerminal = stream.isTTY === true;
    this.#startedAt = clock();
    if (this.#isTerminal) {
      stream.write(HIDE_CURSOR);
      process.once('exit', this.#showCursor);
    }
  }

  /** How long to wait between two frames, milliseconds. */
  get intervalMs(): number {
    return this.#isTerminal ? REFRESH_MS : LINE_MS;
  }

  show(frame: ViewFrame): void {
    const now = this.#clock();
    this.#measureRate(now, frame.taken);
    this.#noteFaults(now, frame.status);
    if (this.#isTerminal) this.#redraw(this.#block(frame, now));
    else if (now - this.#lastDrawnAt >= LINE_MS) this.#stream.write(`${this.#line(frame)}\n`);
    else return;
    this.#lastDrawnAt = now;
  }

  /** Leaves the last frame where it is and gives the cursor back. */
  close(): void {
    if (!this.#isTerminal) return;
    process.off('exit', this.#showCursor);
    this.#showCursor();
  }

  /** Also when the process is ended from elsewhere. */
  readonly #showCursor = (): void => {
    this.#stream.write(SHOW_CURSOR);
  };

  #measureRate(now: number, taken: number): void {
    if (this.#last !== undefined && now > this.#last.at) {
      const rate = ((taken - this.#last.taken) * 1_000) / (now - this.#last.at);
      this.#rate = this.#rate === 0 ? rate : 0.7 * this.#rate + 0.3 * rate;
    }
    this.#last = { at: now, taken };
  }

  #noteFaults(now: number, { faults = [] }: NodeStatus): void {
    const count = faults.reduce((sum, each) => sum + each.count, 0);
    if (count > this.#faults) this.#faultAt = now;
    this.#faults = count;
  }

  /** What holds things up now, as far as is known. */
  #problems({ sinkError, fault }: NodeStatus): readonly string[] {
    const isFresh = fault !== undefined && this.#clock() - this.#faultAt < FAULT_SHOWN_MS;
    return [...(sinkError === undefined ? [] : [`ClickHouse: ${sinkError}`]), ...(isFresh ? [fault.message] : [])];
  }

  #line({ status, accepted, rejected, rowsInClickHouse, withdrawals }: ViewFrame): string {
    const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
    const problem = this.#problems(status)
      .map((each) => `, ${each}`)
      .join('');
    return `${number(this.#rate)}/s, ${number(accepted)} accepted, ${number(refused)} refused, lag ${number(status.lag)}, ${number(rowsInClickHouse)} rows in ClickHouse (lag ${number(status.sinkLag)})${withdrawalsLine(withdrawals)}${problem}`;
  }

  #block(frame: ViewFrame, now: number): readonly string[] {
    const { status, rejected, totals, address } = frame;
    const [bold, dim, reset] = process.env.NO_COLOR === undefined ? [BOLD, DIM, RESET] : ['', '', ''];
    const row = (name: string, value: string) => `  ${dim}${name.padEnd(NAME_COLUMNS - 2)}${reset}${value}`;
    const refusals = Object.entries(rejected).map(([code, count]) => `${code} ${number(count)}`);
    const problem = this.#problems(status).map((each) => row('', `${bold}${each}${reset}`));
    return [
      `${bold}Headrace${reset}  ${dim}${duration(now - this.#startedAt)}  ${address}  Ctrl-C ends${reset}`,
      '',
      row('taken in', `${number(frame.taken)}  ${dim}(${number(this.#rate)}/s)${reset}`),
      row('accepted', number(frame.accepted)),
      row('refused', refusals.length === 0 ? '0' : refusals.join(', ')),
      row('dead letters', number(status.deadLetters)),
      row(
        'lag',
        `${number(status.lag)} records  ${dim}${number(status.commits)} commits, ${number(status.aborts)} aborted${reset}`,
      ),
      row('ClickHouse', `${number(frame.rowsInClickHouse)} transactions  ${dim}lag ${number(status.sinkLag)}${reset}`),
      ...problem,
      ...this.#withdrawals(frame, row),
      '',
      ...totals.map(([currency, total], index) =>
        row(index === 0 ? 'booked' : '', `${currency} ${total.padStart(20)}`),
      ),
    ];
  }

  #withdrawals({ withdrawals }: ViewFrame, row: (name: string, value: string) => string): readonly string[] {
    const { states, openCases, held } = withdrawals;
    if (states.length === 0) return [];
    const lines = wrapped(
      states.map(([state, count]) => `${state} ${number(count)}`),
      this.#width - NAME_COLUMNS,
    );
    const money = held.length === 0 ? 'nothing' : held.map(([currency, total]) => `${currency} ${total}`).join(', ');
    return [
      '',
      ...lines.map((line, index) => row(index === 0 ? 'withdrawals' : '', line)),
      row('held', money),
      row('open cases', openCases === 0 ? '0' : `${number(openCases)}  (headrace cases list)`),
    ];
  }

  get #width(): number {
    return this.#stream.columns || COLUMNS_DEFAULT;
  }

  /** Goes up over what it drew, so that nothing flickers; longer lines are cut at the terminal's edge. */
  #redraw(lines: readonly string[]): void {
    const up = this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A`;
    const cleared = Math.max(0, this.#drawnLines - lines.length);
    const width = this.#width;
    const text = [...lines.map((line) => cut(line, width)), ...Array<string>(cleared).fill('')]
      .map((line) => `${line}${CLEAR_LINE}\n`)
      .join('');
    this.#stream.write(`${up}${text}`);
    this.#drawnLines = lines.length + cleared;
  }
}

/** The visible part of a line, with its colours. */
function cut(line: string, width: number): string {
  let visible = 0;
  let kept = '';
  // Colour sequences take no room on the terminal.
  for (const part of line.split(new RegExp(`(${'\u001b'}\\[[0-9;]*m)`))) {
    if (part.startsWith('\u001b')) {
      kept += part;
      continue;
    }
    kept += part.slice(0, Math.max(0, width - visible));
    visible += part.length;
  }
  return kept;
}

/** Parts joined by commas into lines that are no longer than the width, as far as a part alone is not. */
function wrapped(parts: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length + 3 <= width) lines[lines.length - 1] = `${last}, ${part}`;
    else if (last !== undefined) lines.splice(-1, 1, `${last},`, part);
    else lines.push(part);
  }
  return lines;
}

function withdrawalsLine({ states, openCases }: BookFigures['withdrawals']): string {
  if (states.length === 0) return '';
  const total = states.reduce((sum, [, count]) => sum + count, 0);
  return `, ${number(total)} withdrawals, ${number(openCases)} open cases`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function duration(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1_000);
  const part = (value: number) => String(value).padStart(2, '0');
  return `${part(Math.floor(seconds / 3_600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}
