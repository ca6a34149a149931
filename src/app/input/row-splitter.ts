import { invariant } from '../../errors.ts';

/** Bytes of one row at most, its line breaks within quotes included. */
export const ROW_BYTES_MAX = 1024 * 1024;
/** What is kept of a row that is too long. */
const HEAD_BYTES = 4_096;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const QUOTE = 0x22;

/** A row as bytes, without its line break. Where there is a problem, the bytes are what can be shown of it. */
export interface RawRow {
  readonly line: number;
  readonly bytes: Buffer;
  readonly problem?: string;
}

const TOO_LONG = `is longer than ${ROW_BYTES_MAX} bytes`;
const UNCLOSED = 'opens a quote that is never closed';
const QUOTED_TOO_LONG = `is longer than ${ROW_BYTES_MAX} bytes, with the line breaks in its quotes`;
const STRAY = 'has text behind a closing quote';

/**
 * Cuts bytes into rows, in memory that is bounded by the longest row allowed. A row ends with its line, except that a
 * quoted CSV cell may hold line breaks. Where the quotes of a row can't be right, only its first line is given up and
 * the next line begins a new row: one wrong quote must not swallow what follows.
 */
export class RowSplitter {
  /** The delimiter of CSV cells as a byte, or undefined where quotes mean nothing (NDJSON). */
  readonly #delimiter: number | undefined;
  #chunks: Buffer[] = [];
  #waitingBytes = 0;
  #isSkipping = false;
  #line = 1;

  constructor(delimiter?: string) {
    this.#delimiter = delimiter?.charCodeAt(0);
  }

  /** The line of the next row. */
  get line(): number {
    return this.#line;
  }

  /** Takes bytes in and returns the rows that they complete. */
  push(chunk: Buffer): RawRow[] {
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.length;
    // Long lines that come in small pieces are put together once, not with every piece.
    if (!chunk.includes(LINE_FEED) && this.#waitingBytes <= ROW_BYTES_MAX) return [];
    return this.#split(false);
  }

  /** The rows left when the input has ended. */
  end(): RawRow[] {
    return this.#split(true);
  }

  #split(isEnd: boolean): RawRow[] {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const rows: RawRow[] = [];
    let at = 0;
    let quote = -2;
    while (at < bytes.length) {
      const lineFeed = bytes.indexOf(LINE_FEED, at);
      const lineEnd = lineFeed === -1 ? bytes.length : lineFeed;
      const isWhole = lineFeed !== -1 || isEnd;
      if (this.#isSkipping) {
        at = lineEnd + 1;
        if (lineFeed === -1) continue;
        this.#isSkipping = false;
        this.#line++;
        continue;
      }
      if (lineEnd - at > ROW_BYTES_MAX) {
        rows.push(this.#broken(bytes, at, lineEnd, TOO_LONG));
        at = lineEnd + 1;
        if (isWhole) this.#line++;
        else this.#isSkipping = true;
        continue;
      }
      if (!isWhole) break;
      if (quote !== -1 && quote < at) quote = this.#delimiter === undefined ? -1 : bytes.indexOf(QUOTE, at);
      const end = quote === -1 || quote >= lineEnd ? lineEnd : quotedRowEnd(bytes, at, this.#delimiter!, isEnd);
      if (end === 'open' && !isEnd && bytes.length - at <= ROW_BYTES_MAX) break;
      if (typeof end === 'string' || end - at > ROW_BYTES_MAX) {
        rows.push(this.#broken(bytes, at, lineEnd, quoteProblem(end)));
        this.#line++;
        at = lineEnd + 1;
        continue;
      }
      rows.push({ line: this.#line, bytes: withoutReturn(bytes, at, end) });
      this.#line += 1 + (end === lineEnd ? 0 : lineFeedsIn(bytes, at, end));
      at = end + 1;
    }
    const rest = bytes.subarray(Math.min(at, bytes.length));
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#waitingBytes = rest.length;
    invariant(rest.length <= ROW_BYTES_MAX, 'the splitter holds at most one row');
    return rows;
  }

  #broken(bytes: Buffer, start: number, end: number, problem: string): RawRow {
    const row = withoutReturn(bytes, start, end);
    return { line: this.#line, bytes: row.length > HEAD_BYTES ? head(row) : row, problem };
  }
}

function quoteProblem(end: number | 'open' | 'stray'): string {
  if (end === 'stray') return STRAY;
  return end === 'open' ? UNCLOSED : QUOTED_TOO_LONG;
}

/** The end of a row with quotes: the place of its line feed or of the input's end; `open` where more must come. */
function quotedRowEnd(bytes: Buffer, start: number, delimiter: number, isEnd: boolean): number | 'open' | 'stray' {
  let at = start;
  while (true) {
    if (bytes[at] === QUOTE) {
      const close = closingQuote(bytes, at + 1);
      if (close === -1) return 'open';
      at = close + 1;
      if (bytes[at] === CARRIAGE_RETURN && (at + 1 === bytes.length || bytes[at + 1] === LINE_FEED)) at++;
    } else {
      while (at < bytes.length && bytes[at] !== delimiter && bytes[at] !== LINE_FEED) at++;
    }
    if (at === bytes.length) return isEnd ? at : 'open';
    if (bytes[at] === LINE_FEED) return at;
    if (bytes[at] !== delimiter) return 'stray';
    at++;
  }
}

/** A quote within quotes is written twice (RFC 4180). */
function closingQuote(bytes: Buffer, start: number): number {
  let at = bytes.indexOf(QUOTE, start);
  while (at !== -1 && bytes[at + 1] === QUOTE) at = bytes.indexOf(QUOTE, at + 2);
  return at;
}

function withoutReturn(bytes: Buffer, start: number, end: number): Buffer {
  return bytes.subarray(start, end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end);
}

function lineFeedsIn(bytes: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED, start); at !== -1 && at < end; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

/** The first bytes; digits at the cut go, for a card number in part is not known as one. */
function head(row: Buffer): Buffer {
  let end = HEAD_BYTES;
  while (end > 0 && /[\d\s-]/.test(String.fromCharCode(row[end - 1]!))) end--;
  return row.subarray(0, end);
}
