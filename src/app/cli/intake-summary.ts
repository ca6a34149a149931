import type { Outcomes } from '../outcomes.ts';
import type { IntakeReport } from './intake.ts';
import { grouped } from './output.ts';

export interface IntakeSummary {
  readonly intake: IntakeReport;
  readonly outcomes: Outcomes;
  /** Transactions in ClickHouse, of this and earlier intakes. */
  readonly rowsInClickHouse: number;
  readonly seconds: number;
}

/** The summary of an intake for people, a line for each figure. */
export function summaryText({ intake, outcomes, rowsInClickHouse, seconds }: IntakeSummary): string {
  const { DUPLICATE: duplicates = 0, ...refused } = outcomes.rejected;
  const codes = Object.entries(refused).map(([code, count]) => `${code} ${grouped(count)}`);
  const rate = grouped(Math.round(intake.appended / Math.max(seconds, 0.001)));
  const kept = intake.rejected === 0 ? '' : ` (kept in ${intake.rejectedRowsFile})`;
  const rows: readonly (readonly [string, string])[] = [
    ['rows read', grouped(intake.read)],
    ['rejected rows', `${grouped(intake.rejected)}${kept}`],
    ['taken in', grouped(intake.appended)],
    ['accepted', grouped(outcomes.accepted)],
    ['duplicates', grouped(duplicates)],
    ['refused', codes.length === 0 ? '0' : codes.join(', ')],
    ['dead letters', grouped(outcomes.deadLetters)],
    ['in ClickHouse', `${grouped(rowsInClickHouse)} transactions`],
    ['time', `${seconds.toFixed(1)} s (${rate} records/s)`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(15)}${value}\n`).join('');
}
