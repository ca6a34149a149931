import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HeadraceError } from '../../errors.ts';
import { UNFINISHED_RESTORE } from '../../storage/data-directory.ts';
import { storageError } from '../../storage/storage-error.ts';
import { type CopyOptions, copyFile, digestFile, type FileDigest, syncDirectory } from './copy-file.ts';
import { directoriesOf } from './make-backup.ts';
import { type BackupFile, damaged, type Manifest, readManifest } from './manifest.ts';

export interface RestoreOptions {
  readonly from: string;
  /** A directory that does not exist yet, or is empty. */
  readonly dataDirectory: string;
  /** Of this Headrace. */
  readonly release: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/** What the root of a new volume holds. */
const IGNORED: ReadonlySet<string> = new Set(['lost+found']);
/** The log last: it is what makes a directory a data directory. */
const PARTS = ['clickhouse', 'log'] as const;

/** Reads all of a backup and compares it with its manifest. Throws INPUT_NOT_FOUND, BACKUP_INVALID, BACKUP_NEWER, STORAGE_FAILED. */
export async function checkBackup({
  from,
  release,
  ...options
}: Omit<RestoreOptions, 'dataDirectory'>): Promise<Manifest> {
  const manifest = readManifest(from, release);
  await eachFile(manifest, from, options, (path, _name, copy) => digestFile(path, copy));
  return manifest;
}

/**
 * Makes a data directory from a backup. Everything is copied into `.restoring` within it and compared with the manifest on the way; only
 * when all agrees is it moved to its place. As long as `.restoring` is there no release opens the directory, and the next
 * restore begins anew. Throws INPUT_NOT_FOUND, BACKUP_INVALID, BACKUP_NEWER, BACKUP_TARGET_INVALID, STORAGE_FULL, STORAGE_FAILED;
 * nothing is left then.
 */
export async function restoreBackup({ from, dataDirectory, release, ...options }: RestoreOptions): Promise<Manifest> {
  const manifest = readManifest(from, release);
  const path = resolve(dataDirectory);
  const isNew = !existsSync(path);
  const unfinished = join(path, UNFINISHED_RESTORE);
  if (!isNew) requireEmpty(path);
  try {
    removeParts(path);
    mkdirSync(unfinished, { recursive: true, mode: 0o700 });
    await eachFile(manifest, from, options, (source, name, copy) => copyFile(source, join(unfinished, name), copy));
    for (const { name, target } of manifest.links) {
      mkdirSync(dirname(join(unfinished, name)), { recursive: true });
      symlinkSync(target, join(unfinished, name));
    }
    for (const directory of directoriesOf(unfinished)) await syncDirectory(directory);
    for (const part of PARTS) renameSync(join(unfinished, part), join(path, part));
    await syncDirectory(path);
    rmSync(unfinished, { recursive: true });
    await syncDirectory(path);
    await syncDirectory(dirname(path));
    return manifest;
  } catch (error) {
    if (isNew) rmSync(path, { recursive: true, force: true });
    else removeParts(path);
    throw error instanceof HeadraceError || options.signal.aborted
      ? error
      : storageError(error, `restoring to ${path}`);
  }
}

/** Throws BACKUP_INVALID for the first file whose bytes are not those of the manifest. */
async function eachFile(
  { files }: Manifest,
  from: string,
  { signal, onProgress }: Pick<RestoreOptions, 'signal' | 'onProgress'>,
  read: (path: string, name: string, options: CopyOptions) => Promise<FileDigest>,
): Promise<void> {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  const onBytes = (bytes: number) => {
    doneBytes += bytes;
    onProgress?.(doneBytes, totalBytes);
  };
  for (const file of files) {
    const found = await read(join(from, file.name), file.name, { signal, onBytes });
    if (!isSame(found, file)) throw damaged(from, `the file ${file.name} does not fit its checksum`);
  }
}

function isSame(found: FileDigest, { bytes, sha256 }: BackupFile): boolean {
  return found.bytes === bytes && found.sha256 === sha256;
}

/** An earlier restore that was cut short counts as nothing. */
function requireEmpty(path: string): void {
  if (!statSync(path).isDirectory()) throw invalid(path, 'is a file');
  const entries = readdirSync(path).filter((entry) => !IGNORED.has(entry));
  if (entries.length > 0 && !entries.includes(UNFINISHED_RESTORE)) throw invalid(path, 'is not empty');
}

function removeParts(path: string): void {
  // The mark goes last, so that nobody opens what is left.
  for (const part of [...PARTS, UNFINISHED_RESTORE]) rmSync(join(path, part), { recursive: true, force: true });
}

function invalid(path: string, what: string): HeadraceError {
  return new HeadraceError(
    'BACKUP_TARGET_INVALID',
    `${path} ${what}. A backup is restored into a directory that does not exist yet, or is empty: name another one with --data, or move what is there away`,
    { where: { file: path } },
  );
}
