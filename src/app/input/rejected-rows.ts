import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { maskCardNumbers } from '../../privacy/card-numbers.ts';
import { storageError } from '../../storage/storage-error.ts';
import type { RejectedRow } from './input-row.ts';

export const REJECTED_ROWS_FILE = 'rejected-input.ndjson';
/** Characters that wait before they are written. */
const WAITING_CHARACTERS_MAX = 256 * 1024;
const LINE_FEED = 0x0a;

/**
 * Keeps rejected rows as JSON lines `{file, line, reason, raw}`, card numbers masked, in `rejected-input.ndjson` of the
 * data directory, behind what is there. One writer at a time: calls are to be awaited. STORAGE_FULL (retriable) leaves
 * what waits waiting and the file without half a line.
 */
export class RejectedRows {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #input: string;
  /** The end of the last whole line. */
  #size: number;
  #waiting: string[] = [];
  #waitingCharacters = 0;
  #count = 0;

  private constructor(path: string, file: FileHandle, input: string, size: number) {
    this.path = path;
    this.#file = file;
    this.#input = input;
    this.#size = size;
  }

  /** `input` is the name under which the rows are kept. Throws STORAGE_FULL, STORAGE_FAILED. */
  static async open(dataDirectory: string, input: string): Promise<RejectedRows> {
    const path = join(dataDirectory, REJECTED_ROWS_FILE);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'a+', 0o600);
      return new RejectedRows(path, file, maskCardNumbers(input), await endOfLastLine(file));
    } catch (error) {
      await file?.close();
      throw storageError(error, `opening ${path}`);
    }
  }

  /** Rows added since it was opened. */
  get count(): number {
    return this.#count;
  }

  async add({ line, reason, raw }: RejectedRow): Promise<void> {
    const kept = { file: this.#input, line, reason: maskCardNumbers(reason), raw: maskCardNumbers(raw) };
    const text = `${JSON.stringify(kept)}\n`;
    this.#waiting.push(text);
    this.#waitingCharacters += text.length;
    this.#count++;
    if (this.#waitingCharacters >= WAITING_CHARACTERS_MAX) await this.#write();
  }

  /** All rows added are on disk when it resolves. */
  async flush(): Promise<void> {
    await this.#write();
    await this.#file.datasync().catch((error: unknown) => {
      throw storageError(error, `writing ${this.path}`);
    });
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join(''));
    try {
      await this.#file.appendFile(bytes);
    } catch (error) {
      // A full disk may have taken a part; without it the next try can't leave half a line behind.
      await this.#file.truncate(this.#size).catch(() => undefined);
      throw storageError(error, `writing ${this.path}`);
    }
    this.#size += bytes.length;
    this.#waiting = [];
    this.#waitingCharacters = 0;
  }
}

/** A killed process may have left half a line; a line feed behind it keeps the next line whole. */
async function endOfLastLine(file: FileHandle): Promise<number> {
  const { size } = await file.stat();
  if (size === 0) return 0;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, size - 1);
  if (last[0] === LINE_FEED) return size;
  await file.appendFile('\n');
  return size + 1;
}
