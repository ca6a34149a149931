import type { PartitionReset, ResetReport } from '../../runtime/reset/reset-request.ts';
import { grouped } from './output.ts';

/** A reset for people: what goes where, what is emptied, and who sees it. */
export function resetText(report: ResetReport): string {
  const { application, isExecuted, keepsState, stores, purged, replayed, outputs, warnings } = report;
  const lines = [
    isExecuted
      ? `${application} is reset. The next start goes on from here:`
      : `${application} would be reset so (--execute does it):`,
    ...columns(report.sources),
  ];
  const state = stores.length === 0 ? 'none' : stores.join(', ');
  const engines = "and the engine's own: times, the plan";
  if (report.tables === undefined) {
    lines.push(
      keepsState ? `Stores that stay: ${state}` : `Stores ${isExecuted ? '' : 'to be '}emptied: ${state}; ${engines}`,
    );
  } else if (report.tables.length > 0) {
    lines.push(`Rows come again, under their keys and versions, and replace themselves: ${report.tables.join(', ')}`);
  }
  const dropped = purged.reduce((sum, { skips }) => sum + skips, 0);
  if (purged.length > 0) {
    lines.push(`Repartition topics passed over (${grouped(dropped)} records under way): ${topicsOf(purged)}`);
  }
  if (replayed.length > 0) lines.push(`Idle ticks replayed from the beginning: ${topicsOf(replayed)}`);
  if (report.sources.some(({ rereads }) => rereads > 0) && outputs.length > 0) {
    lines.push('Written again, for what was written is not taken back:');
    for (const { topic, readBy } of outputs) {
      lines.push(`  ${topic}${readBy.length === 0 ? '' : `, seen a second time by ${readBy.join(', ')}`}`);
    }
    lines.push('What counts records of these topics counts results twice; "headrace reconcile" does, and will differ.');
  }
  return `${[...lines, ...warnings.map((warning) => `Mind: ${warning}`)].join('\n')}\n`;
}

function columns(resets: readonly PartitionReset[]): readonly string[] {
  const rows = resets.map(({ topic, partition, from, to, rereads, skips }) => [
    `${topic}-${partition}`,
    from === null ? 'none' : grouped(from),
    grouped(to),
    [rereads > 0 ? `${grouped(rereads)} read again` : '', skips > 0 ? `${grouped(skips)} skipped` : '']
      .filter((each) => each !== '')
      .join(', '),
  ]);
  const width = (column: number) => Math.max(0, ...rows.map((row) => row[column]!.length));
  const [first, second, third] = [width(0), width(1), width(2)];
  return rows.map(([place, from, to, what]) =>
    `  ${place!.padEnd(first)}  ${from!.padStart(second)} -> ${to!.padEnd(third)}  ${what}`.trimEnd(),
  );
}

function topicsOf(resets: readonly PartitionReset[]): string {
  return [...new Set(resets.map(({ topic }) => topic))].join(', ');
}
