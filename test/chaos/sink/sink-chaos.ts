import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';
import { openStore } from '../../../src/clickhouse/store.ts';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import type { Log } from '../../../src/log/log.ts';
import { seededRandom } from '../../../src/random.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { freePorts } from '../../free-ports.ts';
import { writeMigrations } from './chaos-table.ts';
import { EngineProcess } from './engine-process.ts';
import { hasStrace } from './kill-at-rename.ts';
import { readPlainTable, readSinkEvidence } from './read-sink-evidence.ts';
import { auditSink } from './sink-auditor.ts';
import { ENGINE_KILLS_PER_SINK, SinkRun, type SinkTally } from './sink-run.ts';
import { scheduleSinkKills } from './sink-schedule.ts';

export interface SinkChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** The folder of the migrations. */
  readonly sql: string;
  /** An empty directory; it is left for a look when something was found. */
  readonly directory: string;
  readonly onProgress: (line: string) => void;
}

export interface SinkChaosReport extends Readonly<SinkTally> {
  /** In the log, and so in ClickHouse. */
  readonly transactions: number;
  readonly deadLetters: number;
  /** Why kills between a token and its part came at random; undefined where they did not. */
  readonly leftOut: string | undefined;
}

/** Of the run that has every fault and is not killed. */
const LAST_TRANSACTIONS = 300;

/** Kills the sink and the engine again and again under load and faults, lets the sink end in peace, and audits what readers see. */
export async function sinkChaos(options: SinkChaosOptions): Promise<SinkChaosReport> {
  const { kills, seed, sql, directory, onProgress } = options;
  const [data, migrations] = [join(directory, 'data'), join(directory, 'migrations')];
  mkdirSync(data, { recursive: true });
  writeMigrations(sql, migrations);
  const canRename = hasStrace();
  const plan = scheduleSinkKills(kills, seededRandom(seed), canRename);
  const [port] = await freePorts(1);
  const engine = new EngineProcess(join(data, 'clickhouse'), port!);
  const victim = fileURLToPath(new URL('./sink-victim.js', import.meta.url));
  const run = new SinkRun(victim, { data, migrations, seed }, engine, onProgress);
  const { findings } = run.tally;
  const look = <T>(use: (log: Log, clickhouse: ClickHouse) => Promise<T>, url?: string) => withBoth(data, url, use);
  try {
    await run.partEngine();
    // In one life of the engine: only what a token says of the rows lets the second edition in.
    await run.peace('backlog');
    await run.peace('again');
    // As long as no engine dies, tokens alone must keep every row from coming twice.
    for (const kill of plan.filter(({ who }) => who === 'server')) await run.killed(kill);
    await run.peace('rest');
    const { doubled } = await look(readPlainTable, engine.url);
    if (doubled.length > 0)
      findings.push(`${doubled.length} rows of a plain table are doubled, though no engine died: ${doubled[0]}`);
    const ofEngine = plan.filter(({ who }) => who === 'engine');
    for (let i = 0; i < ofEngine.length; i += ENGINE_KILLS_PER_SINK)
      await run.engineKilled(ofEngine.slice(i, i + ENGINE_KILLS_PER_SINK));
    await run.joinEngine();
    for (const kill of plan.filter(({ who }) => who === 'embedded')) await run.killed(kill);
    const faults = ['answers', 'refusal', 'late-writer'] as const;
    await run.peace('load', { faults, transactionsMax: LAST_TRANSACTIONS });
    await run.peace('rest');
  } finally {
    await engine.kill();
  }
  const leftOut = canRename ? undefined : 'strace is missing';
  // What a sink that failed has left undone says nothing more.
  if (run.hasFailed) return { ...run.tally, transactions: 0, deadLetters: 0, leftOut };
  const { evidence, plain } = await look(async (log, clickhouse) => ({
    evidence: await readSinkEvidence(log, clickhouse),
    plain: await readPlainTable(log, clickhouse),
  }));
  findings.push(...auditSink(evidence));
  if (plain.missing.length > 0)
    findings.push(`the plain table lacks ${plain.missing.length} rows: ${plain.missing[0]}`);
  const transactions = evidence.views.transactions!.due.length;
  return { ...run.tally, transactions, deadLetters: evidence.deadLetters.length, leftOut };
}

/** Log and ClickHouse of a run in this process, while no sink is running. */
async function withBoth<T>(
  data: string,
  url: string | undefined,
  use: (log: Log, clickhouse: ClickHouse) => Promise<T>,
): Promise<T> {
  const log = new EmbeddedLog({
    directory: openDataDirectory(join(data, 'log'), { clock: Date.now }),
    clock: Date.now,
  });
  const at = url === undefined ? { path: join(data, 'clickhouse') } : { url };
  const store = await openStore({ at, migrationsDirectory: undefined, clock: Date.now });
  try {
    return await use(log, store.clickhouse);
  } finally {
    await store.close();
    await log.close();
  }
}
