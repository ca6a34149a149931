import type { ReconcileReport } from '../reconcile/reconcile.ts';
import { grouped, write } from './output.ts';

const LISTED_MAX = 20;

/** As a program is told of it. */
export function reconciliationJson(report: ReconcileReport, listsAll: boolean): object {
  const { differences } = report;
  const listed = listsAll ? differences : differences.slice(0, LISTED_MAX);
  return { ...report, differences: listed, differenceCount: differences.length };
}

/** Says whether all agrees, and where not. */
export async function printReconciliation(report: ReconcileReport, listsAll: boolean): Promise<void> {
  const listed = listsAll ? report.differences : report.differences.slice(0, LISTED_MAX);
  const lines = listed.map(
    ({ figure, values }) =>
      `  ${figure}: ${Object.entries(values)
        .map(([source, value]) => `${source} ${value}`)
        .join(', ')}`,
  );
  const { inputRecords, accepted, rejected, deadLetters, figures, differences } = report;
  const counts = `${grouped(inputRecords)} records in, ${grouped(accepted)} accepted, ${grouped(rejected)} refused, ${grouped(deadLetters)} dead letters`;
  if (report.agrees) {
    await write(
      process.stdout,
      `Reconciled: log, state and ClickHouse agree on ${grouped(figures)} figures (${counts}).\n`,
    );
    return;
  }
  if (listed.length < differences.length)
    lines.push(`  ... and ${grouped(differences.length - listed.length)} more; --all lists them`);
  await write(
    process.stdout,
    `NOT reconciled: ${grouped(differences.length)} of ${grouped(figures)} figures differ (${counts}).\n${lines.join('\n')}\n`,
  );
}
