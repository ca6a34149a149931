import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RecordCounter } from '../../../src/app/record-counter.ts';
import { openKafkaLog } from '../../../src/log/kafka/open-kafka-log.ts';
import type { Log } from '../../../src/log/log.ts';
import { type SeededRandom, seededRandom } from '../../../src/random.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import type { Brokers } from '../../kafka/brokers.ts';
import { readChaosRows, writeMigrations } from './chaos-rows.ts';
import { hangingTransactions, readByTheJvm } from './jvm-tools.ts';
import { KafkaLoad } from './kafka-load.ts';
import { OutputAuditor, type OutputRow, parseRow, TotalsAuditor } from './output-auditor.ts';
import { ProxiedBrokers, type ProxyTally } from './proxies.ts';
import { Victims, type VictimTally } from './victims.ts';

export interface KafkaChaosOptions {
  readonly kills: number;
  readonly records: number;
  readonly seed: number;
  readonly brokers: 1 | 3;
  readonly directory: string;
  readonly onProgress: (line: string) => void;
}

export interface KafkaChaosReport extends VictimTally {
  readonly records: number;
  readonly outputs: number;
  readonly brokerKills: number;
  /** Before the calm: how much there was to be disturbed, and what the proxies did to requests. */
  readonly proxies: ProxyTally;
  readonly findings: readonly string[];
}

const WORKERS = 3;
const PARTITIONS = 6;
/** Between two disturbances. */
const PAUSE_MS = 1_500;
/** About so long a kill takes: the records last as long as the kills do. */
const SECONDS_PER_KILL = 5;
/** Members come and go every two seconds for a while, and stay away for as long, so that there are commits to be disturbed. */
const GUESTS_MS = 10_000;
/** One broker in so many disturbances; the others go on meanwhile. */
const BROKER_KILL = 0.1;
const BROKER_AWAY_MS = 4_000;
/** After the last disturbance: where nothing came for so long, nothing more comes. Longer than a session and a transaction. */
const QUIET_MAX_MS = 45_000;

const [input, output, totals] = ['chaos.in', 'chaos.out', 'chaos.totals'];
const APPLICATION = 'chaos';
const SINK = `${APPLICATION}-sink`;
const program = (name: string) => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Disturbs workers, the sink and brokers under load until there were enough kills, lets them finish, and audits what came of it. */
export async function kafkaChaos(options: KafkaChaosOptions): Promise<KafkaChaosReport> {
  const { kills, records, seed, directory, onProgress } = options;
  const random = seededRandom(seed);
  onProgress('brokers start');
  const proxied = await ProxiedBrokers.start(options.brokers, seededRandom(seed + 2));
  const { brokers } = proxied;
  const log = openLog(brokers, join(directory, 'load'));
  const [clickhouse, migrations] = [join(directory, 'clickhouse'), join(directory, 'migrations')];
  let victims: Victims | undefined;
  try {
    writeMigrations(migrations);
    await log.createTopics([input, output, totals].map(topicOf));
    const orders = { brokers: proxied.bootstrap, application: APPLICATION, input, output, totals };
    const programs = { worker: program('kafka-victim'), sink: program('kafka-sink-victim') };
    victims = new Victims(programs, { ...orders, clickhouse, migrations }, directory, random);
    victims.startAll(WORKERS);
    const { tally } = victims;
    const perSecond = records / (kills * SECONDS_PER_KILL);
    const load = new KafkaLoad({ log, topic: input, partitions: PARTITIONS, records, seed: seed + 1, perSecond });
    const failed = load.sent.catch((error: unknown) => void tally.failures.push(`the load ended: ${String(error)}`));
    let brokerKills = 0;
    while (tally.kills < kills && tally.failures.length === 0) {
      await pause(PAUSE_MS);
      if (Math.floor(performance.now() / GUESTS_MS) % 2 === 0) victims.guest();
      if (options.brokers > 1 && random.next() < BROKER_KILL) {
        brokerKills++;
        await awayForAWhile(brokers, random);
      } else victims.disturb();
      onProgress(
        `${tally.kills} of ${kills} kills, ${load.count} of ${records} records sent, ${proxied.tally.commits} commits, ${brokerKills} brokers killed`,
      );
    }
    victims.calm();
    const proxies = proxied.calm();
    load.hurry();
    await failed;
    await untilProcessed(log, records, onProgress);
    const outputs = await untilProcessed(log, records + (await load.lastRound()), onProgress);
    await victims.finish();
    const findings = [...tally.failures, ...(await audit(log, brokers, load, { clickhouse, migrations }))];
    findings.push(...(await hangingTransactions(brokers)));
    return { ...tally, records, outputs, brokerKills, proxies, findings };
  } finally {
    victims?.end();
    await log.close();
    await proxied.close();
  }
}

function openLog(brokers: Brokers, path: string): Log {
  mkdirSync(path, { recursive: true });
  return openKafkaLog({
    brokers: brokers.inside,
    connection: { clientId: 'load' },
    directory: openDataDirectory(path, { clock: Date.now }),
    newInstance: randomUUID,
    clock: Date.now,
    startTimer: (delayMs, action) => {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
  });
}

function topicOf(name: string) {
  return { name, partitions: PARTITIONS, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 } as const;
}

async function awayForAWhile(brokers: Brokers, random: SeededRandom): Promise<void> {
  const index = random.below(brokers.processes.length);
  await brokers.kill(index);
  await pause(BROKER_AWAY_MS);
  await brokers.restart(index);
}

/** Waits until there are as many outputs as inputs in both topics, and the sink has all of them, or nothing moves any more; returns how many the first has. */
async function untilProcessed(log: Log, records: number, onProgress: (line: string) => void): Promise<number> {
  const counter = new RecordCounter(log);
  let last = '';
  for (let movedAt = Date.now(); Date.now() - movedAt < QUIET_MAX_MS; await pause(500)) {
    const counts = [await counter.count(output), await counter.count(totals)];
    const line = `${counts.join(' and ')} of ${records} outputs, ${await unsunk(log)} of them not in ClickHouse`;
    onProgress(line);
    if (counts.every((count) => count >= records) && (await unsunk(log)) === 0) return counts[0]!;
    if (line !== last) [last, movedAt] = [line, Date.now()];
  }
  return counter.count(output);
}

/** So many offsets of the outputs are before the sink. */
async function unsunk(log: Log): Promise<number> {
  const committed = await log.committedOffsets(SINK);
  let offsets = 0;
  for (const topic of [output, totals]) {
    for (const { partition, end } of await log.watermarks(topic)) {
      const offset = committed.find((each) => each.topic === topic && each.partition === partition)?.offset ?? 0;
      // After the last record stand the markers of transactions, which nobody commits.
      if (end > 0 && (await log.read(topic, partition, offset)) !== null) offsets += end - offset;
    }
  }
  return offsets;
}

/** From the beginning, as a reader of committed records gets it: in fetches as large as they come. */
async function readWhole(log: Log, topic: string): Promise<readonly OutputRow[]> {
  const rows: OutputRow[] = [];
  for (const { partition, start, end } of await log.watermarks(topic)) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      for (let i = 0; i < batch.length; i++) {
        rows.push(parseRow(text(batch.keyAt(i)), text(batch.valueAt(i))));
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return rows;
}

function text(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? []).toString();
}

/** The outputs as the JVM and Headrace read them, and the rows in ClickHouse, each against what was sent. */
async function audit(
  log: Log,
  brokers: Brokers,
  { amounts }: KafkaLoad,
  { clickhouse, migrations }: { readonly clickhouse: string; readonly migrations: string },
): Promise<readonly string[]> {
  const findings: string[] = [];
  const rows = await readChaosRows(clickhouse, migrations, [output, totals]);
  for (const topic of [output, totals]) {
    const readings = [
      ['the topic as the JVM reads it', await readByTheJvm(brokers, topic)],
      ['the topic as Headrace reads it', await readWhole(log, topic)],
      ['ClickHouse', rows.get(topic) ?? []],
    ] as const;
    for (const [where, read] of readings) {
      const auditor = topic === output ? new OutputAuditor(amounts) : new TotalsAuditor(amounts);
      for (const row of read) auditor.see(row);
      findings.push(...auditor.findings().map((finding) => `${topic} in ${where}: ${finding}`));
    }
  }
  return findings;
}
