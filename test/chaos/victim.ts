import { readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalNode } from '../../src/app/local-node.ts';
import { silentLogger } from '../../src/app/logger.ts';
import { HeadraceError } from '../../src/errors.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { LoadItem } from './load.ts';

/** What a run is told, as JSON in the environment. */
export interface VictimOrders {
  readonly data: string;
  /** A file of lines `{index, topic, key, value}` to be sent in this order. */
  readonly work: string;
  /** Whether to wait until every terminal's time is over. */
  readonly isLast?: boolean;
  readonly kill?: { readonly step: string; readonly occurrence: number };
}

const PARTITIONS = 4;
const BATCH_RECORDS = 7;
const IN_FLIGHT_MAX = 4;
/** Short, so that a run of a second passes every step often. */
const COMMIT_INTERVAL_MS = 15;
const FLUSH_INTERVAL_MS = 60;
const PACE_MS = 4;
/** How long a terminal may take, and so how long the last run waits. */
const ANSWER_WITHIN_MS = 1_500;
const STOP_SIGNAL = 'SIGKILL';

/**
 * The process that is killed: the whole of Headrace under load. It tells its parent on standard output, synchronously,
 * what was acknowledged and where it dies: `ready`, `ack INDEX...`, `hit STEP`, `done`.
 */
export async function runVictim(orders: VictimOrders): Promise<void> {
  let occurrences = 0;
  const onStep = (step: string) => {
    if (step !== orders.kill?.step || ++occurrences < orders.kill.occurrence) return;
    say(`hit ${step}`);
    process.kill(process.pid, STOP_SIGNAL);
  };
  const node = await LocalNode.open({
    dataDirectory: orders.data,
    clock: Date.now,
    logger: silentLogger,
    partitions: PARTITIONS,
    commitIntervalMs: COMMIT_INTERVAL_MS,
    flushIntervalMs: FLUSH_INTERVAL_MS,
    answerWithinMs: ANSWER_WITHIN_MS,
    onStep,
  });
  await node.start((error) => {
    say(`failed ${(error as Error).message}`);
    process.exit(1);
  });
  say('ready');
  await send(node, orders.work);
  await node.drain();
  if (orders.isLast === true) {
    await sleep(ANSWER_WITHIN_MS * 2);
    await node.drain();
  }
  await node.close();
  say('done');
}

/** In order, several appends in flight; a batch is acknowledged when the log says that it is on disk. */
async function send(node: LocalNode, work: string): Promise<void> {
  const lines = readFileSync(work, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const items = lines.map((line) => JSON.parse(line) as Pick<LoadItem, 'index' | 'topic' | 'key' | 'value'>);
  const inFlight: Promise<void>[] = [];
  for (let start = 0; start < items.length; start += BATCH_RECORDS) {
    const batch = items.slice(start, start + BATCH_RECORDS);
    const records = batch.map(({ topic, key: text, value }) => {
      const key = Buffer.from(text);
      const partition = partitionFor(key, PARTITIONS);
      return { topic, partition, timestamp: Date.now(), key, value: Buffer.from(JSON.stringify(value)) };
    });
    inFlight.push(node.append(records).then(() => say(`ack ${batch.map(({ index }) => index).join(' ')}`)));
    if (inFlight.length >= IN_FLIGHT_MAX) await inFlight.shift();
    await sleep(PACE_MS);
  }
  await Promise.all(inFlight);
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

/** Reads its orders from the environment, as the parent gives them. */
export function ordersFromEnvironment(): VictimOrders {
  const text = process.env.HEADRACE_CHAOS_ORDERS;
  if (text === undefined) throw new HeadraceError('USAGE', 'The victim is started by the chaos run, not by hand');
  return JSON.parse(text) as VictimOrders;
}
