import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openKafkaLog } from '../../../src/log/kafka/open-kafka-log.ts';
import type { Log } from '../../../src/log/log.ts';
import { partitionFor } from '../../../src/log/partitioner.ts';
import type { NewRecord } from '../../../src/log/record.ts';
import { type SeededRandom, seededRandom } from '../../../src/random.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { type Brokers, startBrokers } from '../../kafka/brokers.ts';
import { kafkaClasspath } from '../../kafka/provision.ts';
import { OutputAuditor, parseRow } from './output-auditor.ts';
import { Victims, type VictimTally } from './victims.ts';

export interface KafkaChaosOptions {
  readonly kills: number;
  readonly records: number;
  readonly seed: number;
  readonly brokers: 1 | 3;
  readonly directory: string;
  /** The compiled kafka-victim. */
  readonly victim: string;
  readonly onProgress: (line: string) => void;
}

export interface KafkaChaosReport extends VictimTally {
  readonly records: number;
  readonly outputs: number;
  readonly brokerKills: number;
  readonly findings: readonly string[];
}

const WORKERS = 3;
const PARTITIONS = 6;
const KEYS = 500;
const BATCH_RECORDS = 200;
/** Between two disturbances. */
const PAUSE_MS = 700;
/** One broker in so many disturbances; the others go on meanwhile. */
const BROKER_KILL = 0.1;
const BROKER_AWAY_MS = 4_000;
/** After the last disturbance everything must be processed within this. */
const CALM_MAX_MS = 120_000;
const JVM_SILENCE_MS = 8_000;
const JVM_OUTPUT_MAX = 1024 * 1024 * 1024;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Disturbs workers and brokers under load until there were enough kills, lets them finish, and has the JVM read what came of it. */
export async function kafkaChaos(options: KafkaChaosOptions): Promise<KafkaChaosReport> {
  const { kills, records, seed, directory, victim, onProgress } = options;
  const random = seededRandom(seed);
  onProgress('brokers start');
  const brokers = await startBrokers({ count: options.brokers });
  const log = openLog(brokers, join(directory, 'load'));
  const [input, output] = ['chaos.in', 'chaos.out'];
  let victims: Victims | undefined;
  try {
    await log.createTopics([input, output].map(topicOf));
    const orders = { brokers: brokers.bootstrap, application: 'chaos', input, output };
    victims = new Victims(victim, orders, directory, random);
    for (let number = 0; number < WORKERS; number++) victims.start(number);
    const { tally } = victims;
    const load = sendAll(log, input, records, seed, () => Math.max(tally.kills / kills, 0.01));
    const failed = load.sent.catch((error: unknown) => void tally.failures.push(`the load ended: ${String(error)}`));
    let brokerKills = 0;
    while (tally.kills < kills && tally.failures.length === 0) {
      await pause(PAUSE_MS);
      if (options.brokers > 1 && random.next() < BROKER_KILL) {
        brokerKills++;
        await awayForAWhile(brokers, random);
      } else victims.disturb();
      onProgress(
        `${tally.kills} of ${kills} kills, ${load.count()} of ${records} records sent, ${brokerKills} brokers killed`,
      );
    }
    victims.calm();
    load.hurry();
    await failed;
    const auditor = new OutputAuditor(load.amounts);
    const outputs = await processed(log, output, records, onProgress);
    for (const [key, text] of await readByTheJvm(brokers, output)) auditor.see(parseRow(key, text));
    const findings = [...tally.failures, ...auditor.findings(), ...(await hanging(brokers))];
    return { ...tally, records, outputs, brokerKills, findings };
  } finally {
    victims?.end();
    await log.close();
    await brokers.close();
  }
}

function openLog(brokers: Brokers, path: string): Log {
  mkdirSync(path, { recursive: true });
  return openKafkaLog({
    brokers: brokers.bootstrap,
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

/** Sends records at a pace that lasts as long as the kills do; `share` says how much of those is done. */
function sendAll(log: Log, topic: string, records: number, seed: number, share: () => number) {
  const amounts = new Map<string, number[]>();
  const random = seededRandom(seed + 1);
  let [count, isHurried] = [0, false];
  const send = async () => {
    while (count < records) {
      while (!isHurried && count > records * share()) await pause(20);
      const byPartition = new Map<number, NewRecord[]>();
      for (let i = 0; i < BATCH_RECORDS && count < records; i++, count++) {
        const text = `key-${random.below(KEYS)}`;
        const amount = 1 + random.below(1_000);
        amounts.set(text, [...(amounts.get(text) ?? []), amount]);
        const key = Buffer.from(text);
        const partition = partitionFor(key, PARTITIONS);
        const record = { topic, partition, timestamp: Date.now(), key, value: Buffer.from(`${amount}`) };
        byPartition.set(partition, [...(byPartition.get(partition) ?? []), record]);
      }
      await Promise.all([...byPartition.values()].map((batch) => log.append(batch)));
    }
  };
  return {
    amounts,
    sent: send(),
    count: () => count,
    hurry: () => {
      isHurried = true;
    },
  };
}

async function awayForAWhile(brokers: Brokers, random: SeededRandom): Promise<void> {
  const index = random.below(brokers.processes.length);
  await brokers.kill(index);
  await pause(BROKER_AWAY_MS);
  await brokers.restart(index);
}

/** Waits until there are as many outputs as inputs; returns how many there are. */
async function processed(
  log: Log,
  topic: string,
  records: number,
  onProgress: (line: string) => void,
): Promise<number> {
  const next = new Map<number, number>();
  let rows = 0;
  for (const until = Date.now() + CALM_MAX_MS; rows < records && Date.now() < until; await pause(500)) {
    for (const { partition, end } of await log.watermarks(topic)) {
      for (let offset = next.get(partition) ?? 0; offset < end; ) {
        const batch = await log.read(topic, partition, offset);
        if (batch === null) break;
        rows += batch.length;
        offset = batch.offsetAt(batch.length - 1) + 1;
        next.set(partition, offset);
      }
    }
    onProgress(`${rows} of ${records} outputs`);
  }
  return rows;
}

async function java(main: string, args: readonly string[]): Promise<string> {
  const command = ['-Xmx256m', '-cp', await kafkaClasspath('4.1'), main, ...args];
  const { stdout } = await promisify(execFile)('java', command, { maxBuffer: JVM_OUTPUT_MAX, timeout: 300_000 });
  return stdout;
}

/** Keys and values as the JVM's console consumer prints them, committed ones only. */
async function readByTheJvm(brokers: Brokers, topic: string): Promise<readonly (readonly [string, string])[]> {
  const printed = await java('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', brokers.bootstrap, '--topic', topic, '--from-beginning', '--property', 'print.key=true'],
    ...['--isolation-level', 'read_committed', '--timeout-ms', String(JVM_SILENCE_MS)],
  ]);
  return [...printed.matchAll(/^(key-\d+)\t(.*)$/gm)].map(([, key, value]) => [key!, value!]);
}

/** What Kafka's own tool finds of transactions that nobody will end. */
async function hanging(brokers: Brokers): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { plan } of brokers.processes) {
    const args = ['--bootstrap-server', brokers.bootstrap, 'find-hanging', '--broker-id', `${plan.nodeId}`];
    const [, ...rows] = (await java('org.apache.kafka.tools.TransactionsCommand', args)).trim().split('\n');
    findings.push(...rows.filter((row) => row.trim() !== '').map((row) => `a transaction hangs: ${row}`));
  }
  return findings;
}
