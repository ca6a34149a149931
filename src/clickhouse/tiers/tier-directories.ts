import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { HeadraceError } from '../../errors.ts';
import { COLD_TIERS, type ColdTier, type GivenDirectories, type TierDirectories } from './tier-settings.ts';

/** In the directory of the embedded engine: where its tiers are. Without it there are none. */
const TIERS_FILE = 'headrace-tiers.json';
/** In the directory of a tier: whose it is. A disk that is not mounted is told by its absence. */
const MARK_FILE = 'headrace-tier.json';
const OWN = { recursive: true, mode: 0o700 } as const;
/** What the root of a new volume holds. */
const IGNORED: ReadonlySet<string> = new Set(['lost+found']);

/** What is remembered of the tiers of one store. */
interface Remembered {
  /** Given when the first tier was; its tiers' marks have it. */
  readonly store: string;
  readonly directories: TierDirectories;
}

interface Mark {
  readonly store: string;
  readonly tier: ColdTier;
  /** Where the store was when it was last opened. */
  readonly path: string;
}

/**
 * The tiers of the embedded engine in the directory `path`: those that it was told before, and those that are given now, which it
 * remembers. Whoever opens the engine must know them all: a part that it does not see is a row that is missing. Throws
 * TIERS_INVALID where one is not there, is not writable, is another store's, or lies where the rows of one before are not.
 */
export function tierDirectories(path: string, given?: GivenDirectories): TierDirectories {
  const before = remembered(path);
  const wanted = COLD_TIERS.flatMap((tier) => {
    const directory = given?.directories[tier] ?? before?.directories[tier];
    return directory === undefined ? [] : [{ tier, directory: resolve(directory) }];
  });
  const store = before?.store ?? given?.storeName;
  if (wanted.length === 0 || store === undefined) return {};
  mkdirSync(path, { recursive: true });
  // The id first: a crash between a mark and what is remembered of it leaves a mark that is known as ours.
  if (before === undefined) remember(path, { store, directories: {} });
  for (const { tier, directory } of wanted) {
    if (before?.directories[tier] === undefined) attempt(tier, directory, () => mkdirSync(directory, OWN));
  }
  requireApart([path, ...wanted.map(({ directory }) => directory)]);
  for (const { tier, directory } of wanted)
    attempt(tier, directory, () =>
      take({ store, tier, path: realpathSync(path) }, directory, before?.directories[tier]),
    );
  const directories: TierDirectories = Object.fromEntries(wanted.map(({ tier, directory }) => [tier, directory]));
  const isKnown = COLD_TIERS.every((tier) => before?.directories[tier] === directories[tier]);
  if (!isKnown) remember(path, { store, directories });
  return directories;
}

/** Makes of a directory that is new to this tier its own, or sees that it still is. */
function take(own: Mark, directory: string, before: string | undefined): void {
  const mark = markIn(directory);
  const { store, tier } = own;
  if (mark === undefined) {
    if (before !== undefined) throw missing(tier, directory, before);
    const entries = readdirSync(directory).filter((entry) => !IGNORED.has(entry));
    if (entries.length > 0)
      throw invalid(directory, 'is not empty', `Give the ${tier} tier a directory of its own, empty at first`);
  } else if (mark.store !== store || mark.tier !== tier) {
    const whose = mark.store === store ? `the ${mark.tier} tier of this store` : 'a tier of another store';
    throw invalid(directory, `is ${whose}`, `Give the ${tier} tier a directory of its own, empty at first`);
  } else if (mark.path !== own.path && remembered(mark.path)?.store === store) {
    // Both would merge and remove the same parts.
    throw invalid(
      directory,
      `is the ${tier} tier of ${mark.path}, of which ${own.path} is a copy`,
      'Two stores cannot have one tier: take the original away, or make the copy with headrace backup and restore',
    );
  }
  accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  if (mark?.path !== own.path) writeDurably(directory, MARK_FILE, own);
}

function attempt(tier: ColdTier, directory: string, what: () => unknown): void {
  try {
    what();
  } catch (error) {
    if (error instanceof HeadraceError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(
      directory,
      `can't be the ${tier} tier: ${reason}`,
      'Correct its place, its rights or the disk',
      error,
    );
  }
}

function missing(tier: ColdTier, directory: string, before: string): HeadraceError {
  return before === directory
    ? invalid(
        directory,
        `does not hold the ${tier} tier that was put there: its ${MARK_FILE} is missing`,
        'Is the disk mounted? Nothing is opened without it, for its rows would be missing',
      )
    : invalid(
        directory,
        `does not hold the ${tier} tier, whose rows lie in ${before}`,
        `To move it, stop Headrace, move all of ${before} to ${directory} (mv, or rsync -a), and start with the new name`,
      );
}

/** Disks within each other would each take the other's files for their own. */
function requireApart(paths: readonly string[]): void {
  const real = paths.map((path) => (existsSync(path) ? realpathSync(path) : path));
  for (const [at, path] of real.entries()) {
    for (const other of real.slice(at + 1)) {
      if (path !== other && !path.startsWith(other + sep) && !other.startsWith(path + sep)) continue;
      throw invalid(
        other,
        `and ${path} are the same, or one lies within the other`,
        'Each tier has a place of its own',
      );
    }
  }
}

function markIn(directory: string): Mark | undefined {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory() || !existsSync(join(directory, MARK_FILE)))
    return undefined;
  return JSON.parse(readFileSync(join(directory, MARK_FILE), 'utf8')) as Mark;
}

function remembered(path: string): Remembered | undefined {
  const file = join(path, TIERS_FILE);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Remembered;
  } catch (cause) {
    throw invalid(file, 'is damaged', 'Restore a backup, or write again where the tiers are', cause);
  }
}

function remember(path: string, what: Remembered): void {
  writeDurably(path, TIERS_FILE, what);
}

/** In its place with all its bytes, or not at all. */
function writeDurably(directory: string, name: string, what: object): void {
  const partial = join(directory, `${name}.partial`);
  writeFileSync(partial, `${JSON.stringify(what)}\n`, { mode: 0o600, flush: true });
  renameSync(partial, join(directory, name));
  const opened = openSync(directory, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function invalid(file: string, what: string, advice: string, cause?: unknown): HeadraceError {
  return new HeadraceError('TIERS_INVALID', `${file} ${what}. ${advice}`, { cause, where: { file } });
}
