import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { ClickHouse } from './clickhouse.ts';
import { quoteText } from './connection/sql-text.ts';
import { splitStatements } from './sql-statements.ts';

/** One file `sql/NNN-name.sql`. */
export interface Migration {
  readonly number: number;
  /** The file's name without its directory. */
  readonly file: string;
  readonly sql: string;
  /** SHA-256 of the text with line ends as \n, in hexadecimal. */
  readonly checksum: string;
}

/** A migration as the database has it recorded. */
export interface AppliedMigration {
  readonly number: string;
  readonly file: string;
  readonly checksum: string;
}

const FILE_NAME = /^(\d{3})-[a-z0-9-]+\.sql$/;

/** The migrations of a directory in order. Throws MIGRATION_FAILED for numbers that are double or leave a gap. */
export function readMigrations(directory: string): readonly Migration[] {
  let files: readonly string[];
  try {
    files = readdirSync(directory)
      .filter((file) => FILE_NAME.test(file))
      .sort();
  } catch (cause) {
    throw new HeadraceError('MIGRATION_FAILED', `The migrations in ${directory} cannot be read`, { cause });
  }
  return files.map((file, index) => {
    const number = Number(FILE_NAME.exec(file)?.[1]);
    if (number !== index + 1) {
      const message = `The migrations in ${directory} must count up from 001: ${file} stands where ${index + 1} is due`;
      throw new HeadraceError('MIGRATION_FAILED', message, { where: { file } });
    }
    const sql = readFileSync(join(directory, file), 'utf8').replaceAll('\r\n', '\n');
    return { number, file, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

/**
 * Brings the database `headrace` to the last migration and returns those that were applied. Each is recorded after its
 * last statement; statements are written with IF NOT EXISTS, so that one that was cut short by a crash runs again from its start.
 * Throws MIGRATION_CHANGED where a recorded file differs or is gone, MIGRATION_NEWER where a later version of Headrace
 * has been here, MIGRATION_FAILED with the statement and ClickHouse's text.
 */
export async function migrate(clickhouse: ClickHouse, directory: string, clock: Clock): Promise<readonly Migration[]> {
  const migrations = readMigrations(directory);
  await clickhouse.command('CREATE DATABASE IF NOT EXISTS headrace');
  await clickhouse.command(RECORDS_TABLE);
  const recorded = await recordedMigrations(clickhouse);
  for (const [number, record] of recorded) check(migrations, number, record);
  const missing = migrations.filter((migration) => !recorded.has(migration.number));
  for (const migration of missing) await apply(clickhouse, migration, clock());
  return missing;
}

/** What is recorded as applied, by number; nothing where no migration was ever applied. */
export async function appliedMigrations(clickhouse: ClickHouse): Promise<ReadonlyMap<number, AppliedMigration>> {
  const tables = await clickhouse.rows(
    "SELECT name FROM system.tables WHERE database = 'headrace' AND name = 'schema_migrations'",
  );
  return tables.length === 0 ? new Map() : recordedMigrations(clickhouse);
}

async function recordedMigrations(clickhouse: ClickHouse): Promise<ReadonlyMap<number, AppliedMigration>> {
  const applied = await clickhouse.rows<AppliedMigration>(
    'SELECT toString(number) AS number, file, checksum FROM headrace.schema_migrations FINAL ORDER BY schema_migrations.number',
  );
  return new Map(applied.map((migration) => [Number(migration.number), migration]));
}

/** Where applied migrations are recorded. */
export const RECORDS_TABLE = `CREATE TABLE IF NOT EXISTS headrace.schema_migrations (
  number UInt32, file String, checksum String, applied_at DateTime64(3, 'UTC')
) ENGINE = ReplacingMergeTree ORDER BY number
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Migrations of Headrace that are applied, with the SHA-256 of their files'`;

function check(migrations: readonly Migration[], number: number, record: AppliedMigration): void {
  const migration = migrations[number - 1];
  const where = { file: record.file };
  if (migration === undefined) {
    const message = `The database holds migration ${record.file}, which is newer than this version of Headrace (its last is ${migrations.length}). Start the version that wrote it, or a later one`;
    throw new HeadraceError('MIGRATION_NEWER', message, { where });
  }
  if (migration.checksum !== record.checksum || migration.file !== record.file) {
    const message = `Migration ${migration.file} differs from what was applied as ${record.file}. Restore the file as it was (its SHA-256 was ${record.checksum}), and put the change into a new migration ${String(migrations.length + 1).padStart(3, '0')}-….sql`;
    throw new HeadraceError('MIGRATION_CHANGED', message, { where });
  }
}

async function apply(clickhouse: ClickHouse, migration: Migration, appliedAtMs: number): Promise<void> {
  const record = `INSERT INTO headrace.schema_migrations (number, file, checksum, applied_at) SETTINGS async_insert = 0 SELECT ${migration.number}, ${quoteText(migration.file)}, ${quoteText(migration.checksum)}, fromUnixTimestamp64Milli(toInt64(${appliedAtMs}), 'UTC')`;
  for (const statement of [...splitStatements(migration.sql), record]) {
    try {
      await clickhouse.command(statement);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `Migration ${migration.file} failed: ${reason}\nin the statement:\n${statement}`;
      const retriable = cause instanceof HeadraceError && cause.retriable;
      throw new HeadraceError('MIGRATION_FAILED', message, { cause, retriable, where: { file: migration.file } });
    }
  }
}
