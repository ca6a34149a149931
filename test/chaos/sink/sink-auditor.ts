import type { SinkEvidence } from './sink-evidence.ts';

/** So many findings of one kind are told; the rest is counted. */
const FINDINGS_MAX = 5;

/** What is wrong between log and ClickHouse after the sink has ended in peace; nothing where readers see what the log says. */
export function auditSink(evidence: SinkEvidence): readonly string[] {
  const { views, broken, deadLetters, behind, intent } = evidence;
  return [
    ...Object.entries(views).flatMap(([view, { due, shown }]) => differences(`the view ${view}`, due, shown)),
    ...differences('the topic of dead letters', broken, deadLetters),
    ...limited(accountsDiffer(evidence)),
    ...limited(behind.map((place) => `the sink has not come to the end of ${place}`)),
    ...(intent === undefined ? [] : [`a cut is still under way: ${intent}`]),
  ];
}

/** Row for row, as multisets: one too many is found as well as one too few. */
export function differences(where: string, due: readonly string[], shown: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const row of due) counts.set(row, (counts.get(row) ?? 0) + 1);
  for (const row of shown) counts.set(row, (counts.get(row) ?? 0) - 1);
  const [missing, extra]: [string[], string[]] = [[], []];
  for (const [row, count] of counts) {
    if (count > 0) missing.push(`${where} lacks ${count} of ${row}`);
    if (count < 0) extra.push(`${where} has ${-count} too many of ${row}`);
  }
  return [...limited(missing), ...limited(extra)];
}

/** Each account in each currency: its transactions, its balance and its days say the same sum. */
function accountsDiffer({ movements, balances, summaries }: SinkEvidence): readonly string[] {
  const sums = new Map<string, bigint>();
  for (const { accountId, currency, effect } of movements) {
    const name = `${accountId} ${currency}`;
    sums.set(name, (sums.get(name) ?? 0n) + effect);
  }
  const names = new Set([...sums.keys(), ...balances.keys(), ...summaries.keys()]);
  return [...names].flatMap((name) => {
    const all = [sums.get(name), balances.get(name), summaries.get(name)];
    if (all.every((sum) => sum === all[0])) return [];
    return [`the sums of ${name} differ: transactions ${all[0]}, balance ${all[1]}, days ${all[2]} ten-thousandths`];
  });
}

function limited(findings: readonly string[]): readonly string[] {
  if (findings.length <= FINDINGS_MAX) return findings;
  return [...findings.slice(0, FINDINGS_MAX), `… and ${findings.length - FINDINGS_MAX} more of these`];
}
