import type { Clock } from '../clock.ts';
import type { SinkTarget } from '../runtime/sink/sink-target.ts';
import type { ClickHouse } from './clickhouse.ts';
import { openEmbedded } from './connection/embedded.ts';
import { openServer } from './connection/server.ts';
import { type Migration, migrate } from './migrations.ts';
import type { DecodeValue, SinkTable } from './sink-table.ts';
import { ClickHouseSinkTarget } from './sink-target.ts';

export interface StoreOptions {
  /** Where ClickHouse is: a directory for the embedded one, or the address of a server. */
  readonly at: { readonly path: string } | { readonly url: string };
  /** The directory with `NNN-name.sql`; without it the tables are taken as they are. */
  readonly migrationsDirectory: string | undefined;
  readonly clock: Clock;
  readonly readers?: number;
}

/** ClickHouse, brought to its last migration. */
export interface Store {
  readonly clickhouse: ClickHouse;
  /** The migrations that opening it has applied. */
  readonly applied: readonly Migration[];
  /** What the sink worker writes to. */
  target(tables: readonly SinkTable[], decode?: DecodeValue): SinkTarget;
  close(): Promise<void>;
}

/**
 * Opens ClickHouse and migrates it. Throws CLICKHOUSE_FAILED, MIGRATION_CHANGED, MIGRATION_NEWER, MIGRATION_FAILED; it
 * is closed again then.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const readers = options.readers === undefined ? {} : { readers: options.readers };
  const clickhouse =
    'path' in options.at
      ? await openEmbedded({ ...options.at, ...readers })
      : openServer({ ...options.at, ...readers });
  try {
    const { migrationsDirectory, clock } = options;
    const applied = migrationsDirectory === undefined ? [] : await migrate(clickhouse, migrationsDirectory, clock);
    return {
      clickhouse,
      applied,
      target: (tables, decode) => new ClickHouseSinkTarget(clickhouse, tables, decode),
      close: () => clickhouse.close(),
    };
  } catch (error) {
    await clickhouse.close();
    throw error;
  }
}
