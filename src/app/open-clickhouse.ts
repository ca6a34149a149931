import { join } from 'node:path';
import { openStore, type Store } from '../clickhouse/store.ts';
import type { TierSettings } from '../clickhouse/tiers/tier-settings.ts';
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
  tiers?: TierSettings,
): Promise<Store> {
  return openStore({ at: { path: clickHouseIn(dataDirectory) }, migrationsDirectory, clock, tiers });
}

export interface NodeStoreOptions {
  /** The address of a server that is used in place of the embedded one. */
  readonly clickhouse?: string | undefined;
  /** Of storage, where it is this process's to set them. */
  readonly tiers?: TierSettings | undefined;
  readonly clock: Clock;
}

/** The ClickHouse of a data directory, or the server that stands in its place, migrated likewise. */
export function openNodeStore(
  dataDirectory: string,
  migrationsDirectory: string | undefined,
  { clickhouse, clock, tiers }: NodeStoreOptions,
): Promise<Store> {
  if (clickhouse === undefined) return openEmbeddedClickHouse(dataDirectory, migrationsDirectory, clock, tiers);
  return openStore({ at: { url: clickhouse }, migrationsDirectory, clock, tiers });
}
