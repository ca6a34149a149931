import type { TableColumn } from '../../clickhouse/generic/table-columns.ts';
import type { SinkPlan } from '../generic-sink/plan-sinks.ts';

const DONE: Readonly<Record<SinkPlan['action'], string>> = {
  create: 'is to be made',
  alter: 'is to be changed',
  none: 'is as it should be',
  refused: 'can not be brought to it',
};

/** A plan for people: each field with its column, then what would be run. */
export function sinkPlanText(plans: readonly SinkPlan[]): string {
  return plans.map(onePlan).join('\n');
}

function onePlan({ sink, table, action, statements, added, reasons }: SinkPlan): string {
  const isNew = new Set(action === 'create' ? [] : added.map(({ name }) => name));
  const rows = table.columns.map((column) => [
    isNew.has(column.name) ? '+' : ' ',
    column.field ?? '(the record)',
    column.name,
    column.type,
    column.codec === '' ? '-' : column.codec,
    column.note ?? '',
  ]);
  const head = [' ', 'field', 'column', 'type', 'codec', ''];
  const lines = [
    `${table.topic} -> headrace.${table.name}, by the sink ${sink}: ${DONE[action]}`,
    ...aligned([head, ...rows]).map((line) => `  ${line}`),
    ...reasons.map((reason) => `  refused: ${reason}`),
    ...statements.map((statement) => `\n${statement};`),
  ];
  return `${lines.join('\n')}\n`;
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
}

/** The same for machines, one object for each sink. */
export function sinkPlanJson({ sink, table, action, statements, added, reasons }: SinkPlan) {
  const { topic, name, version, orderBy, partitionBy, columns } = table;
  const shown = ({ field, name: column, type, codec, note }: TableColumn) => ({ field, column, type, codec, note });
  return {
    sink,
    topic,
    table: `headrace.${name}`,
    action,
    columns: columns.map(shown),
    orderBy,
    version,
    partitionBy,
    added: added.map((column) => column.name),
    reasons,
    statements,
  };
}
