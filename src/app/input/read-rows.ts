import { basename } from 'node:path';
import { HeadraceError } from '../../errors.ts';
import { plainBytes } from './gunzip.ts';
import { InputBytes, type InputProgress } from './input-bytes.ts';
import { checkIsText, HEAD_BYTES_MAX, invalid, showsFirstLine, withoutByteOrderMark } from './input-head.ts';
import { type RawRow, RowSplitter } from './row-splitter.ts';

export interface RowsOptions<R> {
  /** A file, or `-` for standard input. */
  readonly path: string;
  /** What `-` reads; the process's standard input where it is left out. */
  readonly stdin?: AsyncIterable<unknown>;
  /** Ends the rows after those read so far. */
  readonly signal?: AbortSignal;
  /** Looks at the first bytes, and says how the rows are to be read. Throws INPUT_INVALID for what it can't read. */
  readonly begin: (name: string, head: Buffer) => RowReader<R>;
}

/** How rows are cut and read. */
export interface RowReader<R> {
  /** Of CSV; in NDJSON quotes mean nothing. */
  readonly delimiter?: string | undefined;
  readonly read: (rows: readonly RawRow[]) => readonly R[];
  /** What an input without rows is told to be. */
  readonly emptiness: string;
}

/** Rows of an input, read as they are asked for; to be used once. */
export interface Rows<R> extends AsyncIterable<R> {
  /** How far it was read; rows handed out may lie a little behind. */
  readonly progress: InputProgress;
}

/**
 * Reads rows of a file or of standard input, plain or gzip, in bounded memory. Iterating throws INPUT_NOT_FOUND for a missing file;
 * INPUT_INVALID for a directory, an input that is empty, binary or holds no rows, and, after the rows before it, for bytes that can't be read or
 * unpacked.
 */
export function readRows<R>(options: RowsOptions<R>): Rows<R> {
  let bytes: InputBytes | undefined;
  return {
    get progress() {
      return { bytesRead: bytes?.bytesRead ?? 0, bytesTotal: bytes?.bytesTotal };
    },
    async *[Symbol.asyncIterator]() {
      bytes = options.path === '-' ? standardInput(options) : await InputBytes.ofFile(options.path);
      yield* rowsOf(options, bytes);
    },
  };
}

function standardInput<R>({ stdin = process.stdin, signal }: RowsOptions<R>): InputBytes {
  const stream = stdin as { destroy?: () => void };
  signal?.addEventListener('abort', () => stream.destroy?.(), { once: true });
  return InputBytes.ofStream(stdin);
}

async function* rowsOf<R>(options: RowsOptions<R>, bytes: InputBytes): AsyncGenerator<R, void> {
  const name = options.path === '-' ? 'standard input' : basename(options.path);
  const chunks = plainBytes(bytes)[Symbol.asyncIterator]();
  let splitter: RowSplitter | undefined;
  let rowCount = 0;
  try {
    const { head, failure } = await headOf(chunks, bytes.bytesTotal === undefined);
    if (failure !== undefined && head.length === 0) throw failure;
    const text = withoutByteOrderMark(head);
    checkIsText(name, text);
    const { delimiter, read, emptiness } = options.begin(name, text);
    splitter = new RowSplitter(delimiter);
    for (let chunk: Buffer | undefined = text; chunk !== undefined; chunk = await next(chunks)) {
      const rows = read(splitter.push(chunk));
      rowCount += rows.length;
      yield* rows;
      if (options.signal?.aborted) return;
      if (failure !== undefined) throw failure;
    }
    const rows = read(splitter.end());
    rowCount += rows.length;
    yield* rows;
    if (rowCount === 0) throw invalid(name, emptiness);
  } catch (error) {
    if (options.signal?.aborted) return;
    throw readError(name, error, splitter?.line ?? 1);
  } finally {
    await chunks.return?.();
  }
}

/**
 * The first bytes: as many as are looked at, but of a pipe no more than its first line, for the next may be long in
 * coming. A failure on the way waits until the rows before it are handed out.
 */
async function headOf(
  chunks: AsyncIterator<Buffer>,
  isPipe: boolean,
): Promise<{ readonly head: Buffer; readonly failure?: unknown }> {
  let head = Buffer.alloc(0);
  while (head.length < HEAD_BYTES_MAX && !(isPipe && showsFirstLine(head))) {
    let chunk: Buffer | undefined;
    try {
      chunk = await next(chunks);
    } catch (failure) {
      return { head, failure };
    }
    if (chunk === undefined) break;
    head = Buffer.concat([head, chunk]);
  }
  return { head };
}

async function next(chunks: AsyncIterator<Buffer>): Promise<Buffer | undefined> {
  const result = await chunks.next();
  return result.done === true ? undefined : result.value;
}

/** A row that the failure cut in two is not handed out. */
function readError(name: string, error: unknown, line: number): HeadraceError {
  if (error instanceof HeadraceError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const why = code === 'Z_BUF_ERROR' ? 'ends too early (gzip cut off)' : `can't be read further: ${String(error)}`;
  const todo = code.startsWith('Z_') ? 'Get the file again' : 'Try again';
  return new HeadraceError(
    'INPUT_INVALID',
    `${name} ${why} at line ${line}; the rows before it were taken in. ${todo}: rows taken in already are found as duplicates`,
    { cause: error, where: { file: name, line } },
  );
}
