import { HeadraceError } from '../../errors.ts';
import type { ClickHouse } from '../clickhouse.ts';
import { quoteText } from '../connection/sql-text.ts';
import { takenNames } from '../generic/taken-names.ts';
import { type Migration, RECORDS_TABLE } from '../migrations.ts';
import { splitStatements } from '../sql-statements.ts';
import { accessStatements } from './access-statements.ts';
import { clusterName, clusterStatements } from './cluster-statements.ts';

export interface ClusterScriptOptions {
  readonly cluster: string;
  /** Only the migrations behind this number: for a cluster that has those up to it. */
  readonly from?: number;
  /** Statements that give the tables their tiers, behind all migrations. */
  readonly tiers?: readonly string[];
}

/**
 * The migrations as statements for a cluster, with those who may use it; ClickHouse's own parser has read each one. They
 * can be run again from the start after a failure. Throws MIGRATION_FAILED for a statement that has no form on a cluster, and USAGE.
 *
 * @param parser any ClickHouse: nothing is run on it but formatQuery.
 */
export async function clusterScript(
  parser: ClickHouse,
  migrations: readonly Migration[],
  { cluster, from = 0, tiers = [] }: ClusterScriptOptions,
): Promise<readonly string[]> {
  const wanted = migrations.filter(({ number }) => number > from);
  // A cluster that begins has no rows that a table could be filled from.
  const existing = from > 0 ? takenNames(migrations.filter(({ number }) => number <= from)) : new Set<string>();
  const given = wanted.flatMap(({ sql }) => splitStatements(sql));
  const on = `ON CLUSTER ${clusterName(cluster)}`;
  const first = from > 0 ? [] : [`CREATE DATABASE IF NOT EXISTS headrace ${on}`, recordsTable(on)];
  return [
    ...(await formatted(parser, first)),
    ...(await forCluster(parser, [...given, ...tiers], cluster, existing)),
    ...(await formatted(parser, [...accessStatements(cluster), ...wanted.map(recordOf)])),
  ];
}

/** Statements of ours for a cluster, each read by ClickHouse's parser. Throws as clusterScript does. */
export async function forCluster(
  parser: ClickHouse,
  statements: readonly string[],
  cluster: string,
  existing: ReadonlySet<string> = new Set(),
): Promise<readonly string[]> {
  return formatted(parser, clusterStatements(await formatted(parser, statements), cluster, existing));
}

/** Every node has the records of all migrations. */
function recordsTable(on: string): string {
  return RECORDS_TABLE.replace('headrace.schema_migrations', `headrace.schema_migrations ${on}`).replace(
    'ENGINE = ReplacingMergeTree',
    "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/all/headrace/schema_migrations', '{shard}-{replica}')",
  );
}

/** As a migration that Headrace itself applies is recorded, so that it takes the cluster as it is. */
function recordOf({ number, file, checksum }: Migration): string {
  return `INSERT INTO headrace.schema_migrations (number, file, checksum, applied_at) SELECT ${number}, ${quoteText(file)}, ${quoteText(checksum)}, now64(3, 'UTC')`;
}

/** Each statement as ClickHouse's parser writes it back. Throws MIGRATION_FAILED with the statement that it does not take. */
async function formatted(parser: ClickHouse, statements: readonly string[]): Promise<readonly string[]> {
  const texts: string[] = [];
  for (const statement of statements) {
    try {
      const [row] = await parser.rows<{ readonly sql: string }>(`SELECT formatQuery(${quoteText(statement)}) AS sql`);
      texts.push(row?.sql ?? '');
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new HeadraceError('MIGRATION_FAILED', `ClickHouse does not read the statement: ${reason}\n${statement}`, {
        cause,
      });
    }
  }
  return texts;
}
