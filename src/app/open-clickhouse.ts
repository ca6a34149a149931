import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, type Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';

/** sql/ stands in the package's root: two folders up from src/app, three from dist/src/app. */
const HERE = new URL('.', import.meta.url);
const ROOT = new URL(HERE.pathname.endsWith('/dist/src/app/') ? '../../../' : '../../', HERE);
const MIGRATIONS = fileURLToPath(new URL('sql/', ROOT));

/** The ClickHouse in a data directory, with the tables of this release. */
export function openEmbeddedClickHouse(dataDirectory: string, clock: Clock): Promise<Store> {
  return openStore({ at: { path: join(dataDirectory, 'clickhouse') }, migrationsDirectory: MIGRATIONS, clock });
}
