import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/random.ts';
import { audit } from './auditor.ts';
import { auditCash } from './cash-auditor.ts';
import { Load, type LoadItem } from './load.ts';
import { readEvidence } from './read-evidence.ts';
import { runVictimProcess } from './run-victim.ts';
import { type Kill, STEPS, scheduleKills } from './schedule.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** An empty directory; it is left for a look when something was found. */
  readonly directory: string;
  /** The compiled victim. */
  readonly victim: string;
  readonly onProgress?: (line: string) => void;
}

export interface ChaosReport {
  readonly kills: number;
  /** How often each named step was hit. */
  readonly hits: Readonly<Record<string, number>>;
  readonly randomKills: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly accepted: number;
  readonly withdrawals: number;
  readonly findings: readonly string[];
}

/** New transactions of each run, enough to keep it under load until it is killed. */
const ITEMS_PER_RUN = 160;
/** Sent again in each run though acknowledged before, as careful producers do. */
const RESENT_PER_RUN = 8;
/** A kill that a run ended without is tried again so often. */
const TRIES_MAX = 3;

/** Kills Headrace again and again under load, lets it end in peace, and audits what is left. */
export async function chaosRun(options: ChaosOptions): Promise<ChaosReport> {
  const random = seededRandom(options.seed);
  const source = new Load(() => random.next());
  const items: LoadItem[] = [];
  const acknowledged = new Set<number>();
  const hits: Record<string, number> = Object.fromEntries(STEPS.map((step) => [step, 0]));
  const findings: string[] = [];
  const data = join(options.directory, 'data');
  const work = join(options.directory, 'work.ndjson');
  mkdirSync(options.directory, { recursive: true });
  let [kills, randomKills] = [0, 0];

  const run = async (kill: Kill | undefined): Promise<boolean> => {
    const fresh = kill === undefined ? source.rest() : Array.from({ length: ITEMS_PER_RUN }, () => source.next());
    const old = [...acknowledged];
    const again = old.length === 0 ? [] : Array.from({ length: RESENT_PER_RUN }, () => items[random.pick(old)]!);
    items.push(...fresh);
    // What is not acknowledged goes first and in the old order: a careful producer does the same.
    const due = items.filter(({ index }) => !acknowledged.has(index));
    writeFileSync(work, [...due, ...again].map(lineOf).join(''));
    const orders = {
      data,
      work,
      isLast: kill === undefined,
      ...(kill !== undefined && 'step' in kill ? { kill } : {}),
    };
    const report = await runVictimProcess(
      options.victim,
      orders,
      kill !== undefined && 'afterMs' in kill ? kill.afterMs : undefined,
    );
    for (const index of report.acknowledged) acknowledged.add(index);
    if (report.end === 'failed') findings.push(`a run failed: ${report.problem}`);
    if (report.hit !== undefined) hits[report.hit]!++;
    return report.end === 'killed';
  };

  for (const kill of scheduleKills(options.kills, () => random.next())) {
    let wasKilled = false;
    for (let attempt = 0; attempt < TRIES_MAX && !wasKilled && findings.length === 0; attempt++) {
      wasKilled = await run(attempt === 0 ? kill : sooner(kill));
    }
    if (!wasKilled) break;
    kills++;
    if ('afterMs' in kill) randomKills++;
    options.onProgress?.(`${kills} of ${options.kills} kills, ${acknowledged.size} of ${items.length} acknowledged`);
  }
  if (kills < options.kills) findings.push(`only ${kills} of ${options.kills} kills could be made`);
  if (await run(undefined)) findings.push('the last run did not end by itself');

  const withdrawals = items.flatMap(({ withdrawal }) => (withdrawal === undefined ? [] : [withdrawal]));
  const { log, clickhouse, cash } = await readEvidence(data, withdrawals);
  const inputs = items.flatMap(({ index, sent }) =>
    sent === undefined ? [] : [{ ...sent, acknowledged: acknowledged.has(index) }],
  );
  if (acknowledged.size !== items.length)
    findings.push(`${items.length - acknowledged.size} records were never acknowledged`);
  findings.push(...audit({ inputs, log, clickhouse }), ...auditCash(cash));
  return {
    kills,
    hits,
    randomKills,
    sent: items.length,
    acknowledged: acknowledged.size,
    accepted: log.accepted.length,
    withdrawals: withdrawals.length,
    findings,
  };
}

function lineOf({ index, topic, key, value }: LoadItem): string {
  return `${JSON.stringify({ index, topic, key, value })}\n`;
}

/** A run that ended before its kill came is done again with an earlier one. */
function sooner(kill: Kill): Kill {
  return 'step' in kill ? { ...kill, occurrence: 1 } : { afterMs: Math.floor(kill.afterMs / 4) };
}
