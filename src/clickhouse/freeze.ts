import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HeadraceError } from '../errors.ts';
import type { ClickHouse } from './clickhouse.ts';

/** What a table keeps beside its parts and must stay as it is: the tokens of the inserts of late. */
const DEDUPLICATION_LOGS = 'deduplication_logs';

/**
 * Lays the embedded ClickHouse of the directory `path`, as it is now, into `target`, which must be on the same disk and not exist: parts as
 * hard links, which cost no room until they are merged away, the rest as copies. What stands there then is a directory that the
 * engine opens. Nothing may be inserted meanwhile; merges and readers go on. `name` must be no one else's. Throws
 * CLICKHOUSE_FAILED, and leaves nothing behind then.
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
    for (const table of tables) {
      await clickhouse.command(`ALTER TABLE \`${table.database}\`.\`${table.name}\` FREEZE WITH NAME '${name}'`);
    }
    mkdirSync(target, { recursive: true });
    // A part in shadow/NAME/store/... lies in store/... as the table's own.
    if (existsSync(join(shadow, 'store'))) renameSync(join(shadow, 'store'), join(target, 'store'));
    cpSync(join(path, 'metadata'), join(target, 'metadata'), { recursive: true, verbatimSymlinks: true });
    copySmallFiles(join(path, 'store'), join(target, 'store'));
  } catch (error) {
    remove(target);
    if (error instanceof HeadraceError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HeadraceError('CLICKHOUSE_FAILED', `ClickHouse could not be frozen: ${reason}`, { cause: error });
  } finally {
    remove(shadow);
  }
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
        if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name));
        else if (entry.name === DEDUPLICATION_LOGS) {
          cpSync(join(from, entry.name), join(to, entry.name), { recursive: true });
        }
      }
    }
  }
}
