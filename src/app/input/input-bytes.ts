import { type FileHandle, open } from 'node:fs/promises';
import { HeadraceError } from '../../errors.ts';

const READ_BYTES = 64 * 1024;

/** How far an input was read, in bytes as they lie on disk; the total is unknown for pipes. */
export interface InputProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number | undefined;
}

/** Bytes of a file or of standard input, as they come, with how many came. */
export class InputBytes implements AsyncIterable<Buffer> {
  readonly #file: FileHandle | undefined;
  readonly #stream: AsyncIterable<unknown>;
  readonly bytesTotal: number | undefined;
  bytesRead = 0;

  private constructor(file: FileHandle | undefined, stream: AsyncIterable<unknown>, bytesTotal?: number) {
    this.#file = file;
    this.#stream = stream;
    this.bytesTotal = bytesTotal;
  }

  static ofStream(stream: AsyncIterable<unknown>): InputBytes {
    return new InputBytes(undefined, stream);
  }

  /** Throws INPUT_NOT_FOUND; INPUT_INVALID for a directory or a file that may not be read. */
  static async ofFile(path: string): Promise<InputBytes> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'r');
      const stat = await file.stat();
      if (stat.isDirectory()) {
        throw new HeadraceError('INPUT_INVALID', `${path} is a directory; name a file (.ndjson or .csv, also .gz)`);
      }
      return new InputBytes(file, chunksOf(file), stat.isFile() && stat.size > 0 ? stat.size : undefined);
    } catch (error) {
      await file?.close();
      throw openError(path, error);
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for await (const chunk of this.#stream) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : asBuffer(chunk as Uint8Array);
        this.bytesRead += bytes.length;
        if (bytes.length > 0) yield bytes;
      }
    } finally {
      await this.#file?.close();
    }
  }
}

/** New memory for every chunk, for rows keep pointing into it. */
async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer, void> {
  while (true) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(READ_BYTES), 0, READ_BYTES, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

function openError(path: string, error: unknown): HeadraceError {
  if (error instanceof HeadraceError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new HeadraceError('INPUT_NOT_FOUND', `There is no file ${path}; check the path given with --input`, {
      cause: error,
      where: { file: path },
    });
  }
  const why = code === 'EACCES' || code === 'EPERM' ? 'you have no permission to read it' : String(error);
  return new HeadraceError('INPUT_INVALID', `${path} can't be read: ${why}`, { cause: error, where: { file: path } });
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
