import { join } from 'node:path';
import { openStore, type Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';

/** Where the embedded ClickHouse lies in a data directory. */
export function clickHouseIn(dataDirectory: string): string {
  return join(dataDirectory, 'clickhouse');
}

/** The ClickHouse in a data directory, with the tables that the migrations make; without any as it is. */
export function openEmbeddedClickHouse(
  dataDirectory: string,
  migrationsDirectory: string | undefined,
  clock: Clock,
): Promise<Store> {
  return openStore({ at: { path: clickHouseIn(dataDirectory) }, migrationsDirectory, clock });
}

export interface NodeStoreOptions {
  /** The address of a server that is used in place of the embedded one. */
  readonly clickhouse?: string | undefined;
  readonly clock: Clock;
}

/** The ClickHouse of a data directory, or the server that stands in its place, migrated likewise. */
export function openNodeStore(
  dataDirectory: string,
  migrationsDirectory: string | undefined,
  { clickhouse, clock }: NodeStoreOptions,
): Promise<Store> {
  if (clickhouse === undefined) return openEmbeddedClickHouse(dataDirectory, migrationsDirectory, clock);
  return openStore({ at: { url: clickhouse }, migrationsDirectory, clock });
}
