import type { ClickHouse } from './clickhouse.ts';

/** A ClickHouse that is brought to its last migration before it is used for anything else. */
export interface MigratedLater extends ClickHouse {
  /** Resolves when it has its tables. Rejects with what stands against it now; the next call tries again. */
  migrated(): Promise<void>;
}

/**
 * For a server that may be away: each call first waits until it is migrated, and fails with the reason where it can't be, so that
 * the sink, which tries again, brings the tables and then the rows as soon as the server is there.
 */
export function migratedLater(clickhouse: ClickHouse, migrate: () => Promise<void>): MigratedLater {
  let migrating: Promise<void> | undefined;
  const migrated = (): Promise<void> => {
    migrating ??= migrate().catch((error: unknown) => {
      migrating = undefined;
      throw error;
    });
    return migrating;
  };
  return {
    kind: clickhouse.kind,
    migrated,
    async command(sql) {
      await migrated();
      await clickhouse.command(sql);
    },
    async rows<T>(sql: string) {
      await migrated();
      return clickhouse.rows<T>(sql);
    },
    async insert(table, columns, pieces, options) {
      await migrated();
      await clickhouse.insert(table, columns, pieces, options);
    },
    async *read(sql, options) {
      await migrated();
      yield* clickhouse.read(sql, options);
    },
    async settle(queryId) {
      await migrated();
      await clickhouse.settle(queryId);
    },
    close: () => clickhouse.close(),
  };
}
