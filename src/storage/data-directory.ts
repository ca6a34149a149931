import { existsSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import { Environment, type EnvironmentCopy } from './environment.ts';
import { MetaTable } from './meta-table.ts';
import { type ProcessIdentity, type ProcessTable, systemProcesses } from './process-identity.ts';
import { storageError } from './storage-error.ts';
import { DATA_FORMAT, type FormatUpgrade, formatUpgrades } from './upgrades/format-upgrades.ts';

export { DATA_FORMAT };

/** In a data directory while a backup is being restored into it: what stands beside it is not whole yet. */
export const UNFINISHED_RESTORE = '.restoring';

/** Who works with a data directory, and where it can be asked over HTTP. */
export interface DataDirectoryOwner extends ProcessIdentity {
  /** Milliseconds since 1970 when it took the directory. */
  readonly since: number;
  /** The URL where it serves, once it does. */
  readonly address?: string;
  /** What a request to `address` must present, so that only those who can read the directory are let in. */
  readonly token?: string;
}

export interface DataDirectoryOptions {
  readonly clock: Clock;
  readonly processes?: ProcessTable;
  /** What brings older formats up, each to the next one; those of this release unless told otherwise. */
  readonly upgrades?: readonly FormatUpgrade[];
}

/** An opened data directory, owned by this process until {@link close}. */
export class DataDirectory {
  /** The real path: links and relative names are resolved. */
  readonly path: string;
  readonly environment: Environment;
  /** What opening it has done to its format, in order; empty where it had the present one. */
  readonly upgrades: readonly FormatUpgrade[];
  readonly #meta: MetaTable;
  #owner: DataDirectoryOwner;

  constructor(
    path: string,
    environment: Environment,
    meta: MetaTable,
    owner: DataDirectoryOwner,
    upgrades: readonly FormatUpgrade[] = [],
  ) {
    this.path = path;
    this.upgrades = upgrades;
    this.environment = environment;
    this.#meta = meta;
    this.#owner = owner;
  }

  get owner(): DataDirectoryOwner {
    return this.#owner;
  }

  /** Publishes where this process serves HTTP, durably. Throws STORAGE_FULL, STORAGE_FAILED. */
  setAddress(address: string, token?: string): void {
    const { address: _address, token: _token, ...rest } = this.#owner;
    const owner: DataDirectoryOwner = { ...rest, address, ...(token === undefined ? {} : { token }) };
    this.environment.transaction(() => this.#meta.put('owner', owner));
    this.#owner = owner;
  }

  /** What kind of log uses the directory; undefined where none has said so yet. */
  get logKind(): unknown {
    return this.#meta.get('log');
  }

  setLogKind(kind: string): void {
    this.environment.transaction(() => this.#meta.put('log', kind));
  }

  /** The application of a user's topology that works in it; undefined in one of the bank's, and in a new one. */
  get application(): unknown {
    return this.#meta.get('application');
  }

  setApplication(application: string): void {
    this.environment.transaction(() => this.#meta.put('application', application));
  }

  /** Gives the directory up. A second call does nothing. */
  async close(): Promise<void> {
    if (!this.environment.isOpen) return;
    try {
      this.environment.transaction(() => this.#meta.delete('owner'));
    } catch {
      // On a full disk the row stays; it names a process that is gone, so whoever comes next takes over.
    }
    openPaths.delete(this.path);
    await this.environment.close();
  }
}

/** Held by this process: the row alone cannot tell a second opening here from one that a crash left behind. */
const openPaths = new Map<string, DataDirectory>();

/**
 * Creates or opens a data directory and takes it for this process. One of an older format is brought to the present one, in the same
 * commit that takes it: a crash leaves it as it was. Throws DATA_DIRECTORY_IN_USE where another owner lives, or this process
 * has it open; DATA_DIRECTORY_NEWER where a newer release wrote it; DATA_DIRECTORY_INVALID where it cannot be a data
 * directory, or a restore into it was cut short; STORAGE_FULL, STORAGE_FAILED.
 */
export function openDataDirectory(path: string, options: DataDirectoryOptions): DataDirectory {
  const processes = options.processes ?? systemProcesses;
  const realPath = create(path);
  const held = openPaths.get(realPath);
  if (held !== undefined) throw inUse(realPath, held.owner);
  const environment = openEnvironment(realPath);
  try {
    const directory = environment.transaction(() => {
      const meta = metaOf(realPath, environment);
      const previous = meta.get('owner') as DataDirectoryOwner | undefined;
      if (previous !== undefined && processes.isAlive(previous)) throw inUse(realPath, previous);
      const upgrades = upgrade(environment, meta, options.upgrades ?? formatUpgrades);
      const owner: DataDirectoryOwner = { ...processes.self(), since: options.clock() };
      meta.put('owner', owner);
      return new DataDirectory(realPath, environment, meta, owner, upgrades);
    });
    openPaths.set(realPath, directory);
    return directory;
  } catch (error) {
    void environment.close();
    throw error;
  }
}

/** To be called inside a transaction. Returns what was done. */
function upgrade(environment: Environment, meta: MetaTable, known: readonly FormatUpgrade[]): readonly FormatUpgrade[] {
  const format = meta.get('format');
  const missing = format === undefined ? [] : known.filter(({ to }) => to > (format as number));
  for (const { to, run } of missing) {
    run(environment, { logKind: meta.get('log') });
    meta.put('format', to);
  }
  if (format === undefined) meta.put('format', DATA_FORMAT);
  return missing;
}

/**
 * Who owns the data directory at `path`, asked without taking it; null where nobody does, or nothing is there. A row of
 * a process that is gone counts as nobody. Throws DATA_DIRECTORY_NEWER, DATA_DIRECTORY_INVALID, STORAGE_FAILED.
 */
export async function readOwner(
  path: string,
  processes: ProcessTable = systemProcesses,
): Promise<DataDirectoryOwner | null> {
  const held = existsSync(path) ? openPaths.get(realpathSync(path)) : undefined;
  if (held !== undefined) return held.owner;
  const owner = (await readRow(path, 'owner')) as DataDirectoryOwner | undefined;
  return owner !== undefined && processes.isAlive(owner) ? owner : null;
}

/**
 * What kind of log uses the data directory at `path`, asked without taking it; undefined where nothing is there, or nobody has said so
 * yet. Throws as {@link readOwner}.
 */
export async function readLogKind(path: string): Promise<unknown> {
  const held = existsSync(path) ? openPaths.get(realpathSync(path)) : undefined;
  return held === undefined ? readRow(path, 'log') : held.logKind;
}

/**
 * Copies the log of the data directory at `path` into the directory `to`, whoever owns it. One that another process owns is opened for
 * reading alone: that process has no part in the copy, and goes on writing. Throws DATA_DIRECTORY_INVALID.
 */
export function copyLog(path: string, to: string): EnvironmentCopy {
  const realPath = realpathSync(path);
  const held = openPaths.get(realPath);
  if (held !== undefined) return held.environment.copyTo(to);
  const environment = openEnvironment(realPath, true);
  const { begun, done: copied } = environment.copyTo(to);
  const done = copied.finally(() => environment.close());
  done.catch(() => undefined);
  return { begun, done };
}

async function readRow(path: string, name: string): Promise<unknown> {
  if (!existsSync(path)) return undefined;
  const realPath = realpathSync(path);
  requireDirectory(realPath, path);
  if (!existsSync(join(realPath, 'log', 'data.mdb'))) return undefined;
  const environment = openEnvironment(realPath, true);
  try {
    return metaOf(realPath, environment).get(name);
  } finally {
    await environment.close();
  }
}

function create(path: string): string {
  try {
    if (existsSync(path)) requireDirectory(path, path);
    if (existsSync(join(path, UNFINISHED_RESTORE))) {
      const advice = 'Run "headrace restore" again with the same backup, or remove the directory';
      throw invalid(path, 'holds a restore that was cut short', advice);
    }
    mkdirSync(join(path, 'log'), { recursive: true });
    return realpathSync(path);
  } catch (error) {
    if (error instanceof HeadraceError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw storageError(error, `creating ${path}`);
    throw invalid(
      path,
      `cannot be created (${(error as Error).message})`,
      'Choose a directory in which this user may write',
      error,
    );
  }
}

function requireDirectory(path: string, shown: string): void {
  if (statSync(path).isDirectory()) return;
  throw invalid(shown, 'is a file', 'Choose a directory, or a name that does not exist yet');
}

function openEnvironment(path: string, readOnly = false): Environment {
  try {
    return Environment.open(join(path, 'log'), { readOnly });
  } catch (error) {
    if (error instanceof HeadraceError && error.code === 'STORAGE_FULL') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(
      path,
      `cannot be opened as a data directory (${reason})`,
      'Its folder "log" must be writable and hold only what headrace wrote; choose another directory if it is not one of headrace',
      error,
    );
  }
}

/** The rows of a directory that is ours and not newer. */
function metaOf(path: string, environment: Environment): MetaTable {
  const isNew = environment.isEmpty();
  const meta = MetaTable.of(environment);
  const format = meta?.get('format');
  if (meta === undefined || (format === undefined && !isNew)) {
    throw invalid(path, 'holds a database of another program', 'Choose another directory');
  }
  if (format === undefined) return meta;
  if (typeof format !== 'number' || !Number.isInteger(format)) {
    throw invalid(
      path,
      'has a format that cannot be read',
      'Choose another directory, or restore this one from a backup',
    );
  }
  if (format > DATA_FORMAT) {
    throw new HeadraceError(
      'DATA_DIRECTORY_NEWER',
      `The data directory ${path} has format ${format}, written by a newer release; this one knows up to ${DATA_FORMAT}. Update headrace, or restore a backup that was made before the upgrade into another directory`,
      { where: { file: path } },
    );
  }
  return meta;
}

function inUse(path: string, owner: DataDirectoryOwner): HeadraceError {
  const where = owner.address === undefined ? '' : `, which serves at ${owner.address}`;
  return new HeadraceError(
    'DATA_DIRECTORY_IN_USE',
    `The data directory ${path} is in use by process ${owner.pid}${where}. Ask it there, stop it, or choose another directory`,
    { where: { file: path } },
  );
}

function invalid(path: string, what: string, advice: string, cause?: unknown): HeadraceError {
  return new HeadraceError('DATA_DIRECTORY_INVALID', `${path} ${what}. ${advice}`, { cause, where: { file: path } });
}
