import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { AppendedRanges } from '../appended-ranges.ts';
import { LocalNode } from '../local-node.ts';
import { openLogger } from '../logger.ts';
import type { HeadraceNode } from '../node.ts';
import { OutcomeCounter } from '../outcomes.ts';
import { readJsonRows } from '../query-rows.ts';
import { reconcileAtRest } from '../reconcile/reconcile.ts';
import { STALL_LIMIT_MS, StallWatch } from '../stall-watch.ts';
import type { StartOptions } from './commands/start.ts';
import { type GlobalOptions, nodeOptionsOf } from './context.ts';
import { type IntakeOptions, takeIn } from './intake.ts';
import { type IntakeSummary, summaryText } from './intake-summary.ts';
import { write } from './output.ts';
import { parkKeysMaxOf } from './park-keys.ts';
import { printReconciliation } from './reconciliation-report.ts';
import { standbysOf } from './standbys.ts';
import { tiersOf } from './tiers.ts';

/** `start --once`: one file from intake to SQL. Resolves with the exit code. */
export async function runOnce(
  options: StartOptions & GlobalOptions & { readonly input: string },
  clock: Clock,
): Promise<number> {
  const standbys = standbysOf(options.standbys, options.kafka);
  const logger = openLogger(options.data);
  const node = await LocalNode.open({
    ...nodeOptionsOf(options),
    runsBank: true,
    tiers: tiersOf(options),
    clock,
    logger,
    partitions: options.partitions,
    businessZone: options.businessZone,
    parkKeysMax: parkKeysMaxOf(options.parkKeys),
    allowTopologyChange: options.allowTopologyChange,
    standbys,
  });
  try {
    await node.serve(0);
    return await takeInAndReconcile(node, options, clock);
  } finally {
    await node.close();
  }
}

async function takeInAndReconcile(
  node: LocalNode,
  options: IntakeOptions & GlobalOptions,
  clock: Clock,
): Promise<number> {
  let onFailure: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    onFailure = reject;
  });
  // Whoever loses the race below must not become an unhandled rejection.
  failed.catch(() => undefined);
  await node.start(onFailure);
  const summary = await Promise.race([failed, takeInAndDrain(node, options, clock)]);
  const isJson = options.json ?? false;
  if (!isJson) await write(process.stdout, summaryText(summary));
  const report = await Promise.race([failed, reconcileAtRest(node)]);
  if (isJson) await write(process.stdout, `${JSON.stringify({ ...summary, reconciliation: report })}\n`);
  else await printReconciliation(report, false);
  if (summary.intake.appended === 0) {
    process.stderr.write(`headrace: no row of ${options.input} was usable\n`);
    return 1;
  }
  return report.agrees ? 0 : 1;
}

/**
 * Takes a file in and waits until all that came of it is in ClickHouse. Rejects when there is something to do and nothing
 * moves for $HEADRACE_STALL_LIMIT_MS (two minutes).
 */
export function takeInAndDrain(node: HeadraceNode, options: IntakeOptions, clock: Clock): Promise<IntakeSummary> {
  const watch = new StallWatch(node, clock, stallLimitMs());
  return watch.guard(takeInWatched(node, options, clock, watch));
}

/** How long a command that has an end waits while nothing moves, milliseconds. Throws USAGE. */
export function stallLimitMs(environment = process.env): number {
  const limitMs = Number(environment.HEADRACE_STALL_LIMIT_MS ?? STALL_LIMIT_MS);
  if (limitMs > 0) return limitMs;
  throw new HeadraceError('USAGE', 'HEADRACE_STALL_LIMIT_MS must be a number of milliseconds');
}

async function takeInWatched(
  node: HeadraceNode,
  options: IntakeOptions,
  clock: Clock,
  watch: StallWatch,
): Promise<IntakeSummary> {
  const startedAt = clock();
  // What an earlier run left behind is finished first, so that it is not counted as coming from this file.
  await node.drain();
  const counter = await OutcomeCounter.fromNow(node);
  const appended = new AppendedRanges();
  let problem: unknown;
  const intake = await takeIn(node, options, clock, appended, watch).catch((error: unknown) => {
    problem = error;
  });
  // Rows before a broken end are taken in: they are processed like all others before the error is told.
  await node.drain();
  if (intake === undefined) throw problem;
  const outcomes = await counter.of(appended);
  const [row] = await readJsonRows<{ count: string }>(node, 'SELECT count() AS count FROM headrace.transactions');
  if (row === undefined) throw new HeadraceError('QUERY_FAILED', 'ClickHouse did not count the transactions');
  return { intake, outcomes, rowsInClickHouse: Number(row.count), seconds: (clock() - startedAt) / 1_000 };
}
