import { chmodSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { frozenFiles } from '../../clickhouse/freeze.ts';
import type { Clock } from '../../clock.ts';
import { copyLog } from '../../storage/data-directory.ts';
import { storageError } from '../../storage/storage-error.ts';
import type { HeadraceNode } from '../node.ts';
import { BackupTarget } from './backup-target.ts';
import { copyFile, digestFile, syncDirectory } from './copy-file.ts';
import { settleLog } from './log-point.ts';
import { type BackupFile, type BackupLink, LOG_FILE, MANIFEST_FILE, manifestOf, manifestText } from './manifest.ts';
import type { Snapshot } from './snapshot.ts';

export interface BackupOptions {
  readonly node: Pick<HeadraceNode, 'snapshot'>;
  readonly dataDirectory: string;
  /** A directory that does not exist yet, or is empty. */
  readonly to: string;
  readonly clock: Clock;
  /** Of this Headrace. */
  readonly release: string;
  /** Ends it, with the reason given; what was written is removed. */
  readonly signal: AbortSignal;
  /** Told of bytes done and of those known to be there, which grow until the log is copied. */
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

export interface BackupSummary {
  /** Absolute path. */
  readonly to: string;
  readonly madeAt: string;
  readonly files: number;
  readonly bytes: number;
  readonly logBytes: number;
  readonly clickhouseBytes: number;
  /** Records that the log holds, over all topics. */
  readonly records: number;
  readonly sinkCut: number;
  readonly seconds: number;
  /** How long nothing was inserted into ClickHouse. */
  readonly sinkHeldMs: number;
}

/**
 * Copies a data directory as it is at one moment, while its owner works on. The manifest is written last; when this rejects, nothing is
 * left, but that LMDB may go on for a while to write a file that has been removed. Throws BACKUP_TARGET_INVALID, BACKUP_UNSUPPORTED,
 * NOT_RUNNING where the copy began too late, STORAGE_FULL, STORAGE_FAILED, CLICKHOUSE_FAILED, REMOTE_FAILED.
 */
export async function makeBackup(options: BackupOptions): Promise<BackupSummary> {
  const target = BackupTarget.take(options.to, options.dataDirectory);
  try {
    const summary = await fill(target, options);
    target.finish();
    await syncDirectory(target.path);
    return summary;
  } catch (error) {
    target.discard();
    throw error;
  }
}

async function fill(target: BackupTarget, options: BackupOptions): Promise<BackupSummary> {
  const { node, clock, signal, release } = options;
  const startedAt = clock();
  const snapshot = await node.snapshot();
  const progress = new Progress(options.onProgress);
  let files: BackupFile[];
  let links: BackupLink[];
  let sinkHeldMs: number;
  try {
    const copy = copyLog(options.dataDirectory, join(target.path, 'log'));
    const failed = new AbortController();
    // A full disk, or the owner's end, is known at once by this, and not only when all other files are copied.
    copy.done.catch((error: unknown) => failed.abort(error));
    const either = AbortSignal.any([signal, failed.signal, snapshot.lost]);
    // Even when interrupted: until it has begun, LMDB may create its file anew in what is being removed.
    await copy.begun;
    sinkHeldMs = await snapshot.begun();
    ({ files, links } = await copyClickHouse(snapshot, target.path, either, progress));
    await Promise.race([copy.done, aborted(either)]);
  } finally {
    // A signal that came meanwhile is the error; that the snapshot could not be given back as well is none to tell of.
    await snapshot.release().catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
  const point = await settleLog(target.path, clock);
  const log = join(target.path, LOG_FILE);
  // LMDB makes it for everybody.
  chmodSync(log, 0o600);
  const onBytes = (bytes: number) => progress.done(bytes);
  progress.found(statSync(log).size);
  files.push({ name: LOG_FILE, ...(await digestFile(log, { signal, onBytes })) });
  const madeAt = new Date(startedAt).toISOString();
  const manifest = manifestOf({ headrace: release, madeAt, point, files, links });
  for (const directory of directoriesOf(target.path)) await syncDirectory(directory);
  await writeManifest(target.path, manifestText(manifest));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const logBytes = files.at(-1)!.bytes;
  return {
    to: target.path,
    madeAt,
    files: files.length,
    bytes,
    logBytes,
    clickhouseBytes: bytes - logBytes,
    records: point.topics.reduce((sum, { start, end }) => sum + end - start, 0),
    sinkCut: point.sinkCut,
    seconds: (clock() - startedAt) / 1_000,
    sinkHeldMs,
  };
}

async function copyClickHouse(
  { clickhouse }: Snapshot,
  to: string,
  signal: AbortSignal,
  progress: Progress,
): Promise<{ readonly files: BackupFile[]; readonly links: BackupLink[] }> {
  const entries = frozenFiles(clickhouse).map((entry) => ({ ...entry, name: `clickhouse/${entry.name}` }));
  const links = entries.flatMap(({ name, link }): BackupLink[] => (link === undefined ? [] : [{ name, target: link }]));
  const wanted = entries.filter(({ link }) => link === undefined);
  for (const { path } of wanted) progress.found(statSync(path).size);
  const files: BackupFile[] = [];
  const onBytes = (bytes: number) => progress.done(bytes);
  for (const { name, path } of wanted) {
    const digest = await copyFile(path, join(to, name), { signal, onBytes });
    files.push({ name, ...digest });
  }
  return { files, links };
}

async function writeManifest(directory: string, text: string): Promise<void> {
  const partial = join(directory, `${MANIFEST_FILE}.partial`);
  try {
    writeFileSync(partial, text, { mode: 0o600, flush: true });
    renameSync(partial, join(directory, MANIFEST_FILE));
  } catch (error) {
    throw storageError(error, `writing ${MANIFEST_FILE}`);
  }
  await syncDirectory(directory);
}

/** All directories below one. */
export function directoriesOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [join(entry.parentPath, entry.name)] : [],
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as unknown);
    signal.addEventListener('abort', () => reject(signal.reason as unknown), { once: true });
  });
}

class Progress {
  readonly #tell: ((doneBytes: number, totalBytes: number) => void) | undefined;
  #done = 0;
  #total = 0;

  constructor(tell: ((doneBytes: number, totalBytes: number) => void) | undefined) {
    this.#tell = tell;
  }

  found(bytes: number): void {
    this.#total += bytes;
  }

  done(bytes: number): void {
    this.#done += bytes;
    this.#tell?.(this.#done, this.#total);
  }
}
