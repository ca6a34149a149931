import { join } from 'node:path';
import { openStore, type Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';

/** The ClickHouse in a data directory, with the tables that the migrations make; without any as it is. */
export function openEmbeddedClickHouse(
  dataDirectory: string,
  migrationsDirectory: string | undefined,
  clock: Clock,
): Promise<Store> {
  return openStore({ at: { path: join(dataDirectory, 'clickhouse') }, migrationsDirectory, clock });
}
