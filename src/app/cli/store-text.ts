import type { WrongRow } from '../reconcile/store/name-rows.ts';
import type { StoreReport } from '../reconcile/store/reconcile-store.ts';
import type { TableReport } from '../reconcile/store/table-report.ts';
import { grouped } from './output.ts';

const LISTED_MAX = 20;

/** As a program is told of it: names and ranges are bounded, counts are not. */
export function storeJson(store: StoreReport | undefined, listsAll: boolean): object {
  if (store === undefined) return {};
  const bounded = (report: TableReport) =>
    listsAll
      ? report
      : { ...report, named: report.named.slice(0, LISTED_MAX), differing: report.differing.slice(0, LISTED_MAX) };
  const repaired = store.repaired.map((each) => ({ ...each, found: bounded(each.found) }));
  return { store: { ...store, tables: store.tables.map(bounded), repaired } };
}

/** What was compared row by row, what was written, and what still differs. */
export function storeText({ agrees, tables, repaired }: StoreReport, listsAll: boolean): string {
  const lines: string[] = [];
  for (const { found, written, removed } of repaired) {
    lines.push(
      `Repaired ${found.table}: ${counts(found)}; ${grouped(written)} rows written again, ${grouped(removed)} taken out.`,
      ...named(found, listsAll),
    );
  }
  const compared = tables.filter(({ reason }) => reason === undefined);
  const rows = grouped(compared.reduce((sum, report) => sum + report.rows, 0));
  const ranges = grouped(compared.reduce((sum, report) => sum + report.ranges, 0));
  const size = `${rows} rows of ${compared.length} tables in ${ranges} ranges`;
  if (agrees) lines.push(`Rows: log and ClickHouse agree, row by row (${size}).`);
  else {
    lines.push(`Rows: log and ClickHouse DIFFER (${size}).`);
    for (const report of tables.filter((each) => !each.agrees)) {
      lines.push(
        `${report.table}: ${report.reason ?? `${counts(report)}, held against ${report.against.join(', ')}`}`,
        ...named(report, listsAll),
      );
    }
    if (repaired.length === 0) lines.push('"headrace reconcile --repair" writes them again as the log says.');
  }
  for (const { table, reason, agrees: isFine, heldFrom, unjudged } of tables) {
    if (reason !== undefined && isFine) lines.push(`Not compared: ${table}, for ${reason}.`);
    if (heldFrom.length > 0)
      lines.push(
        `${table}: the log is held of ${heldFrom.join(', ')}; ${grouped(unjudged)} rows that only ClickHouse has can't be judged.`,
      );
  }
  return `${lines.join('\n')}\n`;
}

function counts({ missing, different, extra }: TableReport): string {
  return `${grouped(missing)} missing, ${grouped(different)} different, ${grouped(extra)} extra`;
}

function named(
  { named: rows, differing, missing, different, extra }: TableReport,
  listsAll: boolean,
): readonly string[] {
  const max = listsAll ? Number.POSITIVE_INFINITY : LISTED_MAX;
  const lines = rows.slice(0, max).map((row) => `  ${rowText(row)}`);
  const left = missing + different + extra - lines.length;
  if (left > 0) lines.push(`  ... and ${grouped(left)} more${listsAll ? '' : '; --all lists more'}`);
  for (const { range, log, clickhouse } of differing.slice(0, max)) {
    lines.push(
      `  in ${range}: log ${grouped(log.rows)} rows, sum ${log.amount}; ClickHouse ${grouped(clickhouse.rows)} rows, sum ${clickhouse.amount}`,
    );
  }
  return lines;
}

/** `missing: account_id A-1, sequence 3 (of ledger.transactions-0 offset 12, source transactions-0 offset 4, 2026-01-01)`. */
function rowText({ kind, key, record, source, day, amount, columns }: WrongRow): string {
  const names = Object.entries(key).map(([name, value]) => `${name} ${value}`);
  const amounts = [
    amount?.log === undefined ? '' : `amount ${amount.log} in the log`,
    amount?.clickhouse === undefined ? '' : `amount ${amount.clickhouse} in ClickHouse`,
  ];
  const notes = [record, source === undefined ? '' : `source ${source}`, day, ...amounts].filter(
    (each) => each !== undefined && each !== '',
  );
  const differs = columns === undefined || columns.length === 0 ? '' : ` in ${columns.join(', ')}`;
  return `${kind}${differs}: ${names.join(', ')}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`;
}
