import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { HeadraceError } from '../errors.ts';
import type { ClickHouse } from './clickhouse.ts';

/** What a table keeps beside its parts and must stay as it is: the tokens of the inserts of late. */
const DEDUPLICATION_LOGS = 'deduplication_logs';

/** In a frozen directory: links to what is frozen on the disks of other tiers, one for each. */
const TIER_LINK = /^tier-(cold|archive)$/;
/** The engine of a copy need not have the tiers: all that was in them lies beside the rest there. */
const MOVE_RULE = / TO VOLUME '(cold|archive)'/g;

interface Disk {
  readonly name: string;
  readonly path: string;
}

/**
 * Lays the embedded ClickHouse of the directory `path`, as it is now, into `target`, which must be on the same disk and not exist: parts as
 * hard links, which cost no room until they are merged away, the rest as copies. Parts in other tiers are hard links on their own
 * disks, and `target` has links to these (frozenFiles follows them, removeFrozen removes them). What frozenFiles names, copied, is a
 * directory that the engine opens, without tiers. Nothing may be inserted meanwhile; merges, moves and readers go on. `name` must be
 * no one else's. Throws CLICKHOUSE_FAILED, and leaves nothing behind then.
 */
export async function freezeEmbedded(
  clickhouse: ClickHouse,
  path: string,
  target: string,
  name: string,
): Promise<void> {
  const shadow = join(path, 'shadow', name);
  try {
    const tables = await clickhouse.rows<{ readonly database: string; readonly name: string }>(
      "SELECT database, name FROM system.tables WHERE engine LIKE '%MergeTree' AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') ORDER BY database, name",
    );
    const disks = await clickhouse.rows<Disk>("SELECT name, path FROM system.disks WHERE name IN ('cold', 'archive')");
    mkdirSync(target, { recursive: true });
    // Before there is anything behind them: whoever finds a target that was cut short finds all that belongs to it.
    for (const disk of disks) symlinkSync(join(disk.path, 'shadow', name), join(target, `tier-${disk.name}`));
    for (const table of tables) {
      await clickhouse.command(`ALTER TABLE \`${table.database}\`.\`${table.name}\` FREEZE WITH NAME '${name}'`);
    }
    // A part in shadow/NAME/store/... lies in store/... as the table's own.
    if (existsSync(join(shadow, 'store'))) renameSync(join(shadow, 'store'), join(target, 'store'));
    cpSync(join(path, 'metadata'), join(target, 'metadata'), { recursive: true, verbatimSymlinks: true });
    copySmallFiles(join(path, 'store'), join(target, 'store'));
  } catch (error) {
    removeFrozen(target);
    if (error instanceof HeadraceError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HeadraceError('CLICKHOUSE_FAILED', `ClickHouse could not be frozen: ${reason}`, { cause: error });
  } finally {
    remove(shadow);
  }
}

/** A file, or with `link` a symbolic link, of a frozen directory. */
export interface FrozenFile {
  /** Where it belongs in a copy, with forward slashes: `store/...`, `metadata/...`. */
  readonly name: string;
  readonly path: string;
  /** What the link says. */
  readonly link?: string;
}

/** All of what `target` of freezeEmbedded holds, whichever disk it lies on. */
export function frozenFiles(target: string): readonly FrozenFile[] {
  const roots = tierLinks(target).filter((link) => existsSync(link));
  return [target, ...roots.map((link) => realpathSync(link))].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry): readonly FrozenFile[] => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(root.length + 1);
      if (entry.isSymbolicLink()) return TIER_LINK.test(name) ? [] : [{ name, path, link: readlinkSync(path) }];
      return entry.isFile() ? [{ name, path }] : [];
    }),
  );
}

/** Removes a frozen directory, and what belongs to it on other disks. */
export function removeFrozen(target: string): void {
  for (const link of tierLinks(target)) remove(readlinkSync(link));
  remove(target);
}

function tierLinks(target: string): readonly string[] {
  if (!existsSync(target)) return [];
  return readdirSync(target, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && TIER_LINK.test(entry.name))
    .map((entry) => join(target, entry.name));
}

/** What can't be removed is no error of its own: something has gone wrong before. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The next process that opens the data directory removes it.
  }
}

/** In store/XXX/UUID lie the definitions of a database's tables, or a table: there the files beside the parts. */
function copySmallFiles(store: string, target: string): void {
  if (!existsSync(store)) return;
  for (const prefix of readdirSync(store)) {
    for (const uuid of readdirSync(join(store, prefix))) {
      const [from, to] = [join(store, prefix, uuid), join(target, prefix, uuid)];
      mkdirSync(to, { recursive: true });
      for (const entry of readdirSync(from, { withFileTypes: true })) {
        if (entry.isFile() && entry.name.endsWith('.sql')) copyDefinition(join(from, entry.name), join(to, entry.name));
        else if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name));
        else if (entry.name === DEDUPLICATION_LOGS) {
          cpSync(join(from, entry.name), join(to, entry.name), { recursive: true });
        }
      }
    }
  }
}

/** A table whose rules name a volume that there is not is opened only where they say that it may be missing. */
function copyDefinition(from: string, to: string): void {
  writeFileSync(to, readFileSync(from, 'utf8').replaceAll(MOVE_RULE, " TO VOLUME IF EXISTS '$1'"));
}
