import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { SinkTarget } from '../runtime/sink/sink-target.ts';
import type { ClickHouse } from './clickhouse.ts';
import { openEmbedded } from './connection/embedded.ts';
import { openServer } from './connection/server.ts';
import { migratedLater } from './migrated-later.ts';
import { type Migration, migrate } from './migrations.ts';
import type { SinkTable, SinkValues } from './sink-table.ts';
import { ClickHouseSinkTarget } from './sink-target.ts';
import { applyTiers } from './tiers/apply-tiers.ts';
import { tierDirectories } from './tiers/tier-directories.ts';
import { policyWithoutServer, requireNoDirectories, type TierSettings } from './tiers/tier-settings.ts';

export interface StoreOptions {
  /** Where ClickHouse is: a directory for the embedded one, or the address of a server. */
  readonly at: { readonly path: string } | { readonly url: string };
  /** The directory with `NNN-name.sql`; without it the tables are taken as they are. */
  readonly migrationsDirectory: string | undefined;
  readonly clock: Clock;
  readonly readers?: number;
  /** Of storage: the tables are brought to these. Without it they stay as the last start has left them. */
  readonly tiers?: TierSettings | undefined;
}

/** How long opening a server's store waits for one that does not answer at all. */
const SERVER_WAIT_MS = 5_000;

/** ClickHouse, brought to its last migration. */
export interface Store {
  readonly clickhouse: ClickHouse;
  /** The migrations that opening it has applied. */
  readonly applied: readonly Migration[];
  /** What the sink worker writes to. */
  target(tables: readonly SinkTable[], values?: SinkValues): SinkTarget;
  close(): Promise<void>;
}

/**
 * Opens ClickHouse and migrates it. Throws CLICKHOUSE_FAILED, MIGRATION_CHANGED, MIGRATION_NEWER, MIGRATION_FAILED, TIERS_INVALID; it
 * is closed again then. A server that is away is no error: it is migrated as soon as it is there, before anything else.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const readers = options.readers === undefined ? {} : { readers: options.readers };
  const { tiers } = options;
  if ('url' in options.at) {
    if (tiers !== undefined) requireNoDirectories(tiers);
    return openServerStore(openServer({ ...options.at, ...readers }), options);
  }
  if (tiers?.storagePolicy !== undefined) throw policyWithoutServer();
  const { path } = options.at;
  const clickhouse = await openEmbedded({ path, ...readers, tiers });
  try {
    // What the directory remembers goes on, whether it is said again or not.
    const all = tiers && { ...tiers, directories: tierDirectories(path) };
    return storeOf(clickhouse, await bringUp(clickhouse, { ...options, tiers: all }));
  } catch (error) {
    await clickhouse.close();
    throw error;
  }
}

/** Migrates the tables, where migrations are given, then brings them to their tiers, where these are; returns what was applied. */
export async function bringUp(
  clickhouse: ClickHouse,
  { migrationsDirectory, clock, tiers }: Pick<StoreOptions, 'migrationsDirectory' | 'clock' | 'tiers'>,
): Promise<readonly Migration[]> {
  const applied = migrationsDirectory === undefined ? [] : await migrate(clickhouse, migrationsDirectory, clock);
  if (tiers !== undefined) await applyTiers(clickhouse, tiers);
  return applied;
}

async function openServerStore(server: ClickHouse, options: StoreOptions): Promise<Store> {
  if (options.migrationsDirectory === undefined) return storeOf(server, []);
  const applied: Migration[] = [];
  const clickhouse = migratedLater(server, async () => {
    applied.push(...(await bringUp(server, options)));
  });
  const late = new AbortController();
  try {
    const patience = sleep(SERVER_WAIT_MS, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([clickhouse.migrated(), patience]);
  } catch (error) {
    if (!(error instanceof HeadraceError) || !error.retriable) {
      await server.close();
      throw error;
    }
  } finally {
    late.abort();
  }
  return storeOf(clickhouse, applied);
}

function storeOf(clickhouse: ClickHouse, applied: readonly Migration[]): Store {
  return {
    clickhouse,
    applied,
    target: (tables, values) => new ClickHouseSinkTarget(clickhouse, tables, values),
    close: () => clickhouse.close(),
  };
}
