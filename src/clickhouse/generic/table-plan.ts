import { HeadraceError } from '../../errors.ts';
import { quoteText } from '../connection/sql-text.ts';
import { DATABASE, type GenericTable, rowsOf } from './generic-table.ts';
import type { TableColumn } from './table-columns.ts';
import { addColumn, createStatements, createView } from './table-statements.ts';

/** Asks ClickHouse, over whatever connection there is. */
export type AskRows = <T>(sql: string) => Promise<readonly T[]>;

/** A table as ClickHouse has it. */
export interface ExistingTable {
  /** Name to type. */
  readonly columns: ReadonlyMap<string, string>;
  /** The names of the columns that its view shows; none where there is no view. */
  readonly viewColumns: readonly string[];
  readonly engine: string;
  readonly sortingKey: string;
  readonly partitionKey: string;
}

/** What making a table, or bringing it to a changed schema, would do. */
export interface TablePlan {
  readonly table: GenericTable;
  readonly action: 'create' | 'alter' | 'none' | 'refused';
  /** In their order; none where nothing is to be done or nothing can be. */
  readonly statements: readonly string[];
  readonly added: readonly TableColumn[];
  /** Why it can't be done, and what can. */
  readonly reasons: readonly string[];
}

/** The table of a name, or undefined where there is none. */
export async function existingTable(ask: AskRows, name: string): Promise<ExistingTable | undefined> {
  const rows = rowsOf(name);
  const where = `database = ${quoteText(DATABASE)} AND`;
  const [table] = await ask<{
    readonly engine_full: string;
    readonly sorting_key: string;
    readonly partition_key: string;
  }>(`SELECT engine_full, sorting_key, partition_key FROM system.tables WHERE ${where} name = ${quoteText(rows)}`);
  if (table === undefined) return undefined;
  const columns = await ask<{ readonly table: string; readonly name: string; readonly type: string }>(
    `SELECT table, name, type FROM system.columns WHERE ${where} table IN (${quoteText(rows)}, ${quoteText(name)}) ORDER BY position`,
  );
  return {
    columns: new Map(columns.filter((column) => column.table === rows).map((column) => [column.name, column.type])),
    viewColumns: columns.filter((column) => column.table === name).map((column) => column.name),
    engine: table.engine_full,
    sortingKey: table.sorting_key,
    partitionKey: table.partition_key,
  };
}

/**
 * Compares a table that is with the one that is wanted. Fields that came with a default become columns; whatever else differs
 * would change or lose what rows of before say, and is refused.
 */
export function planTable(table: GenericTable, existing: ExistingTable | undefined): TablePlan {
  if (existing === undefined) {
    return { table, action: 'create', statements: createStatements(table), added: table.columns, reasons: [] };
  }
  const added = table.columns.filter(({ name }) => !existing.columns.has(name));
  const reasons = [...differences(table, existing), ...added.flatMap(withoutDefault)];
  const alters: string[] = [];
  for (const column of added) {
    try {
      alters.push(addColumn(table, column));
    } catch (error) {
      if (!(error instanceof HeadraceError)) throw error;
      reasons.push(error.message);
    }
  }
  if (reasons.length > 0) return { table, action: 'refused', statements: [], added, reasons };
  const isViewRight = table.columns.map(({ name }) => name).join() === existing.viewColumns.join();
  if (added.length === 0 && isViewRight) return { table, action: 'none', statements: [], added, reasons };
  return { table, action: 'alter', statements: [...alters, createView(table)], added, reasons };
}

function withoutDefault({ name, field, defaultCell }: TableColumn): readonly string[] {
  if (defaultCell !== undefined) return [];
  return [
    `the column ${name} is missing, and the field ${field ?? name} has no default for rows of before: give it one in the schema`,
  ];
}

const ANEW = 'name another table, which is filled from the log anew';

function differences(table: GenericTable, existing: ExistingTable): string[] {
  const reasons: string[] = [];
  const wanted = new Map(table.columns.map((column) => [column.name, column]));
  for (const [name, type] of existing.columns) {
    const column = wanted.get(name);
    if (column === undefined) {
      reasons.push(
        `the column ${name} has no field any more, and its rows would be lost: keep the field in the schema, with a default, or ${ANEW}`,
      );
    } else if (bare(type) !== bare(column.type)) {
      reasons.push(
        `the column ${name} is ${type}, and ${column.field ?? name} wants ${column.type}: give it its type under columns, or ${ANEW}`,
      );
    }
  }
  return existing.engine.startsWith('Distributed') ? reasons : [...reasons, ...layoutDifferences(table, existing)];
}

function layoutDifferences(table: GenericTable, existing: ExistingTable): readonly string[] {
  const reasons: string[] = [];
  const order = table.orderBy.join(', ');
  if (bare(existing.sortingKey) !== bare(order)) {
    reasons.push(`the table is ordered by (${existing.sortingKey}), not (${order}), which never changes: ${ANEW}`);
  }
  const partition = table.partitionBy === undefined ? '' : `toYYYYMM(${table.partitionBy})`;
  if (bare(existing.partitionKey) !== bare(partition)) {
    reasons.push(
      `the table is cut by ${existing.partitionKey || 'nothing'}, not ${partition || 'nothing'}, which never changes: ${ANEW}`,
    );
  }
  // A replicated table has its path and replica before the version.
  const engine = /^(?:Replicated)?ReplacingMergeTree(?:\((?:'[^']*', '[^']*'(?:, )?)?(\w*)\))?/.exec(existing.engine);
  if (engine === null || (engine[1] ?? '') !== (table.version ?? '')) {
    const wanted = `ReplacingMergeTree${table.version === undefined ? '' : `(${table.version})`}`;
    reasons.push(`the engine is ${existing.engine.split(' ')[0]}, not ${wanted}, which never changes: ${ANEW}`);
  }
  return reasons;
}

/** Without what ClickHouse writes one way and people another. */
function bare(text: string): string {
  return text.replaceAll(/[`\s]/g, '').replace(/^\((.*)\)$/, '$1');
}

/** One line that says why the sink can't write; undefined where it can, whatever the view lacks. */
export function shownDifference(plan: TablePlan): string | undefined {
  const { table, action, added, reasons } = plan;
  const name = `${DATABASE}.${rowsOf(table.name)}`;
  switch (action) {
    case 'none':
      return undefined;
    case 'create':
      return `The table ${name} of topic ${table.topic} is not there: "headrace sink apply" makes it`;
    case 'alter':
      if (added.length === 0) return undefined;
      return `The table ${name} of topic ${table.topic} lacks ${added.map((column) => column.name).join(', ')}: "headrace sink apply" adds what is missing`;
    case 'refused':
      return `The table ${name} is not what topic ${table.topic} needs: ${reasons.join('; ')}. "headrace sink plan" shows it`;
  }
}
