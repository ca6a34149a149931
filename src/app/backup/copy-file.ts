import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { storageError } from '../../storage/storage-error.ts';

/** One read, one hash and one write at a time; enough for the disk to be busy. */
const CHUNK_BYTES = 1024 * 1024;

export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Told how many bytes more are done. */
  readonly onBytes?: (bytes: number) => void;
}

/** What was read. */
export interface FileDigest {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Copies a file to one that is not there yet, and resolves when it is on disk, with the digest of what was read. Only the owner may read
 * the copy. Throws STORAGE_FULL, STORAGE_FAILED; what the signal's reason is, once it is aborted.
 */
export async function copyFile(from: string, to: string, options: CopyOptions): Promise<FileDigest> {
  await onDisk(`creating ${dirname(to)}`, () => mkdir(dirname(to), { recursive: true, mode: 0o700 }));
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  const target = await onDisk(`creating ${to}`, () => open(to, flags, 0o600));
  try {
    const digest = await digestFile(from, options, (chunk) => onDisk(`writing ${to}`, () => writeAll(target, chunk)));
    await onDisk(`syncing ${to}`, () => target.sync());
    return digest;
  } finally {
    await target.close();
  }
}

/** Reads a file to its end. Throws STORAGE_FAILED, and the signal's reason. */
export async function digestFile(
  path: string,
  { signal, onBytes }: CopyOptions,
  onChunk: (chunk: Uint8Array) => Promise<void> = async () => {},
): Promise<FileDigest> {
  const file = await onDisk(`opening ${path}`, () => open(path, 'r'));
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await onDisk(`reading ${path}`, () => file.read(buffer, 0, CHUNK_BYTES));
      if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') };
      const chunk = buffer.subarray(0, bytesRead);
      hash.update(chunk);
      await onChunk(chunk);
      bytes += bytesRead;
      onBytes?.(bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await onDisk(`syncing ${path}`, async () => {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  });
}

async function writeAll(target: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await target.write(chunk, at, chunk.length - at)).bytesWritten;
}

async function onDisk<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw storageError(error, doing);
  }
}
