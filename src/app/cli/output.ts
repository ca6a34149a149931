import { storageError } from '../../storage/storage-error.ts';

/** A reader that went away, as `head` does. */
const CLOSED_PIPE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

/**
 * Writes and waits while the reader is slow. Resolves false once nobody reads any more (a closed pipe); throws
 * STORAGE_FULL, STORAGE_FAILED where it goes to a file that can't be written.
 */
export async function write(stream: NodeJS.WriteStream, chunk: string | Uint8Array): Promise<boolean> {
  if (stream.destroyed || stream.writableEnded) return false;
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => {
      if (error == null) resolve(true);
      else if (CLOSED_PIPE.has((error as NodeJS.ErrnoException).code)) resolve(false);
      else reject(storageError(error, 'writing the output'));
    });
  });
}

/** An error of a stream is told by the write that met it; without a listener it would end the process. */
export function survivesErrors(...streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}

export function usesColour(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.NO_COLOR === undefined;
}

/** 9,561 rather than 9561, for people. */
export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
