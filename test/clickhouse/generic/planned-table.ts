import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import type { GenericSinkDefinition } from '../../../src/clickhouse/generic/generic-sink-definition.ts';
import { type GenericTable, genericTable } from '../../../src/clickhouse/generic/generic-table.ts';
import { existingTable, planTable, type TablePlan } from '../../../src/clickhouse/generic/table-plan.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';

export const record = (...fields: readonly unknown[]) => ({ type: 'record', name: 'R', fields });
export const tableOf = (schema: unknown, change: Partial<GenericSinkDefinition> = {}): GenericTable =>
  genericTable({ topic: 'payments', table: 'payments', schema: 'x', ...change }, parseSchema(schema), new Set());

export async function planOf(clickhouse: ClickHouse, table: GenericTable): Promise<TablePlan> {
  return planTable(table, await existingTable((sql) => clickhouse.rows(sql), table.name));
}

export async function apply(clickhouse: ClickHouse, table: GenericTable): Promise<TablePlan> {
  const plan = await planOf(clickhouse, table);
  for (const statement of plan.statements) await clickhouse.command(statement);
  return plan;
}

/** A schema of two fields. */
export const FIRST = record({ name: 'id', type: 'string' }, { name: 'n', type: 'int' });
