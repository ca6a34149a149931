import { HeadraceError } from '../../errors.ts';
import { quoteText } from '../connection/sql-text.ts';
import { orderColumns, type TableText, tableText, unknownForm } from './formatted-statement.ts';

/** Rows of one thing must meet on one shard to replace each other: what places them is part of the table's order. */
const PLACED_BY = ['account_id', 'terminal_id', 'withdrawal_id'];
/** A sink that was away for a week still meets the tokens of its last inserts. */
const REPLICATED_WINDOW = 'replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800';
const LOCAL = '_local';

interface Statement {
  readonly text: string;
  readonly table: TableText | undefined;
}

/**
 * The statements of migrations, as ClickHouse's formatQuery writes them back, for a cluster: a table X becomes a replicated
 * X_local on each shard and a Distributed X over them, materialized views run beside the rows of their shard, and views
 * read the Distributed tables. A table that a later migration replaces is made as that wants it, for there is nothing to take over yet.
 * Throws MIGRATION_FAILED for a statement that has no such form.
 *
 * @param existing tables that the cluster has already, perhaps with rows: new ones are filled from them, and none is replaced.
 */
export function clusterStatements(
  formatted: readonly string[],
  cluster: string,
  existing: ReadonlySet<string> = new Set(),
): readonly string[] {
  const on = ` ON CLUSTER ${clusterName(cluster)}`;
  const statements = withoutReplacements(
    formatted.map((text) => ({ text, table: tableText(text) })),
    existing,
  );
  const tables = new Set(statements.flatMap(({ table }) => table?.name ?? []));
  return statements.flatMap((statement) => [
    ...forCluster(statement, on, cluster, tables),
    ...(existing.size > 0 ? filling(statement) : []),
  ]);
}

/** Quoted for SQL. Throws USAGE for what is no name. */
export function clusterName(cluster: string): string {
  if (/^[A-Za-z_][\w.-]*$/.test(cluster)) return `\`${cluster}\``;
  throw new HeadraceError('USAGE', `${JSON.stringify(cluster)} is no name of a cluster; system.clusters lists them`);
}

/** CREATE OR REPLACE TABLE takes the place of the CREATE TABLE before it, and what was done to that one in between goes. */
function withoutReplacements(statements: readonly Statement[], existing: ReadonlySet<string>): readonly Statement[] {
  let kept: readonly Statement[] = [];
  for (const statement of statements) {
    const { table, text } = statement;
    if (table?.isReplacement !== true) {
      kept = [...kept, statement];
      continue;
    }
    if (existing.has(table.name.toLowerCase())) {
      const message = `The table ${table.name} of an earlier migration is replaced: on a cluster with rows do that by hand, shard by shard\n${text}`;
      throw new HeadraceError('MIGRATION_FAILED', message);
    }
    const first = kept.findIndex((each) => each.table?.name === table.name);
    if (first < 0) {
      kept = [...kept, statement];
      continue;
    }
    const changes = new RegExp(`^(ALTER TABLE|INSERT INTO) headrace\\.${table.name}\\b`);
    kept = kept.flatMap((each, at) => (at === first ? [statement] : changes.test(each.text) ? [] : [each]));
  }
  return kept;
}

function forCluster(
  { text, table }: Statement,
  on: string,
  cluster: string,
  tables: ReadonlySet<string>,
): readonly string[] {
  if (table !== undefined) return [localTable(table, on), distributedTable(table, on, cluster)];
  const [, head, kind, name, rest] =
    /^((CREATE (?:OR REPLACE )?(?:MATERIALIZED )?VIEW (?:IF NOT EXISTS )?|ALTER TABLE |DROP (?:TABLE|VIEW) (?:IF EXISTS )?)headrace\.`?(\w+)`?)([\s\S]*)$/.exec(
      text,
    ) ?? [];
  if (head === undefined || kind === undefined || name === undefined || rest === undefined) {
    if (/^INSERT INTO headrace\./.test(text)) return [text];
    throw unknownForm(text);
  }
  if (kind.includes('MATERIALIZED')) return [`${head}${on}${beside(rest, tables)}`];
  if (kind.includes('VIEW')) return [`${head}${on}${rest}`];
  // What feeds a table is altered and dropped as it is; tables of earlier migrations end in _rows.
  if (!tables.has(name) && !name.endsWith('_rows')) return [`${head}${on}${beside(rest, tables)}`];
  const local = `${kind}headrace.${name}${LOCAL}${on}${rest}`;
  const isOfBoth = kind.startsWith('DROP') || /\b(ADD|DROP|MODIFY|RENAME|COMMENT) COLUMN\b/.test(rest);
  if (!isOfBoth) return [local];
  const distributed = `${head}${on}${rest}`;
  // What readers see comes last and goes first.
  return kind.startsWith('DROP') || /\bDROP COLUMN\b/.test(rest) ? [distributed, local] : [local, distributed];
}

/** A materialized view reads and feeds the tables of its own shard. */
function beside(text: string, tables: ReadonlySet<string>): string {
  return text.replaceAll(/\bheadrace\.`?(\w+)`?/g, (all, name: string) =>
    tables.has(name) || name.endsWith('_rows') ? `headrace.${name}${LOCAL}` : all,
  );
}

function localTable({ name, columns, engine, engineArguments, clauses }: TableText, on: string): string {
  if (!engine.endsWith('MergeTree')) {
    throw new HeadraceError(
      'MIGRATION_FAILED',
      `The table ${name} is of the engine ${engine}, which is not replicated`,
    );
  }
  const place = `'/clickhouse/tables/{shard}/headrace/${name}', '{replica}'`;
  const version = engineArguments === '' ? '' : `, ${engineArguments}`;
  const kept = [...clauses].filter(([word]) => !word.startsWith('AS'));
  return [
    `CREATE TABLE IF NOT EXISTS headrace.${name}${LOCAL}${on}`,
    columns,
    `ENGINE = Replicated${engine}(${place}${version})`,
    ...kept.map(([word, text]) => (word === 'SETTINGS' ? settings(text) : text)),
  ].join('\n');
}

/** A new table that is made from what others hold. */
function filling({ table }: Statement): readonly string[] {
  return table?.filledBy === undefined ? [] : [`INSERT INTO headrace.${table.name} ${table.filledBy}`];
}

function settings(text: string): string {
  return text.replace(/\bnon_replicated_deduplication_window = \d+/, REPLICATED_WINDOW);
}

function distributedTable(table: TableText, on: string, cluster: string): string {
  const order = orderColumns(table);
  const placedBy = PLACED_BY.find((column) => order.includes(column)) ?? order.join(', ');
  const { name, clauses } = table;
  return [
    `CREATE TABLE IF NOT EXISTS headrace.${name}${on} AS headrace.${name}${LOCAL}`,
    `ENGINE = Distributed(${quoteText(cluster)}, 'headrace', '${name}${LOCAL}', cityHash64(${placedBy}))`,
    ...(clauses.has('COMMENT') ? [clauses.get('COMMENT')!] : []),
  ].join('\n');
}
