import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { HeadraceError } from '../../errors.ts';
import { type ProcessIdentity, type ProcessTable, systemProcesses } from '../../storage/process-identity.ts';
import { storageError } from '../../storage/storage-error.ts';
import { MANIFEST_FILE, UNFINISHED_FILE } from './manifest.ts';

/** What the root of a new volume holds. */
const IGNORED: ReadonlySet<string> = new Set(['lost+found']);
/** All that an unfinished backup can hold. */
const PARTS: ReadonlySet<string> = new Set(['log', 'clickhouse', `${MANIFEST_FILE}.partial`, UNFINISHED_FILE]);

/** The directory in which a backup is being made. */
export class BackupTarget {
  /** Absolute. */
  readonly path: string;
  readonly #isNew: boolean;

  private constructor(path: string, isNew: boolean) {
    this.path = path;
    this.#isNew = isNew;
  }

  /**
   * Takes a directory that does not exist or is empty, or holds what a backup that was killed has left, which is removed. Throws
   * BACKUP_TARGET_INVALID, STORAGE_FULL, STORAGE_FAILED.
   */
  static take(to: string, dataDirectory: string, processes: ProcessTable = systemProcesses): BackupTarget {
    const path = resolve(to);
    requireOutside(path, dataDirectory);
    const isNew = !existsSync(path);
    try {
      if (!isNew) clearUnfinished(path, processes);
      mkdirSync(path, { recursive: true, mode: 0o700 });
      // Exclusive: of two backups to one place only one comes past here.
      writeFileSync(join(path, UNFINISHED_FILE), `${JSON.stringify(processes.self())}\n`, { flag: 'wx', mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw inUse(path);
      throw storageError(error, `creating ${path}`);
    }
    return new BackupTarget(path, isNew);
  }

  /** To be called when everything is there, manifest too. */
  finish(): void {
    rmSync(join(this.path, UNFINISHED_FILE));
  }

  /** Removes what was written so far. */
  discard(): void {
    if (this.#isNew) rmSync(this.path, { recursive: true, force: true });
    else removeParts(this.path);
  }
}

function clearUnfinished(path: string, processes: ProcessTable): void {
  if (!statSync(path).isDirectory()) throw invalid(path, 'is a file', 'Name a directory that does not exist yet');
  const entries = readdirSync(path).filter((entry) => !IGNORED.has(entry));
  if (entries.length === 0) return;
  if (!entries.includes(UNFINISHED_FILE) || !entries.every((entry) => PARTS.has(entry))) {
    throw invalid(path, 'is not empty', 'Name a directory that does not exist yet: each backup has one of its own');
  }
  const maker = makerIn(path);
  if (maker !== undefined && processes.isAlive(maker)) throw inUse(path);
  removeParts(path);
}

/** Undefined where it was killed before it had written down who it is. */
function makerIn(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(join(path, UNFINISHED_FILE), 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

function removeParts(path: string): void {
  // The mark goes last, so that what is left of it can be told at any moment.
  for (const part of [...PARTS].filter((each) => each !== UNFINISHED_FILE)) {
    rmSync(join(path, part), { recursive: true, force: true });
  }
  rmSync(join(path, UNFINISHED_FILE), { force: true });
}

function requireOutside(path: string, dataDirectory: string): void {
  const [target, data] = [realPathOf(path), realPathOf(resolve(dataDirectory))];
  if (target !== data && !target.startsWith(data + sep)) return;
  throw invalid(
    path,
    `is inside of the data directory ${data}`,
    'Name a place elsewhere, on another disk if there is one',
  );
}

/** With links resolved as far as the path exists. */
function realPathOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPathOf(parent), path.slice(parent.length).replace(/^\/+/, ''));
}

function inUse(path: string): HeadraceError {
  return invalid(path, 'is where another process is making a backup', 'Wait for it, or name another directory');
}

function invalid(path: string, what: string, advice: string): HeadraceError {
  return new HeadraceError('BACKUP_TARGET_INVALID', `${path} ${what}. ${advice}`, { where: { file: path } });
}
