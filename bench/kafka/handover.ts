import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';
import { endProcess } from '../own-process.ts';
import { percentile } from '../statistics.ts';
import { PARTITIONS } from '../workloads.ts';
import { Counts } from './counts.ts';
import { topicConfig } from './log.ts';
import { OutputWatch, type SeenOutput } from './output-watch.ts';
import type { KafkaJob, System } from './system.ts';
import { Traffic } from './traffic.ts';

export interface HandoverOptions {
  readonly brokers: string;
  readonly directory: string;
  readonly log: Log;
  readonly systems: readonly System[];
  readonly recordsPerSecond: number;
  readonly accounts: number;
  /** How long is looked before one leaves, and after it. */
  readonly seconds: number;
  readonly commitMs: number;
  readonly print: (line: object) => void;
}

/** Until both are there and share the partitions, before anything arrives. */
const JOIN_MS = 15_000;
/** Until what runs all the time is compiled. */
const WARM_UP_MS = 15_000;
const REST_MAX_MS = 300_000;

/** A stretch of time as a reader of the output sees it. */
interface Stretch {
  /** From a record's time stamp until its output is seen. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest time in which a partition showed no output. */
  readonly longestGapMs: number;
}

/**
 * Two processes share the partitions, records arrive evenly, and one leaves (SIGTERM). Prints latency and the longest gap of a partition before and after it. In the
 * end each account's count must be what was sent. Throws RangeError where it is not, or where something takes too long.
 */
export async function handover(options: HandoverOptions): Promise<void> {
  const { log, systems, print, recordsPerSecond, accounts } = options;
  const run = `${Date.now()}`;
  for (const system of systems) {
    const [input, output] = [`handover-in-${run}-${system.name}`, `handover-out-${run}-${system.name}`];
    await log.createTopics([topicConfig(input, PARTITIONS), topicConfig(output, PARTITIONS)]);
    print({ system: system.name, recordsPerSecond, accounts, ...(await measured(options, system, input, output)) });
  }
}

async function measured(
  { log, brokers, directory, recordsPerSecond, accounts, seconds, commitMs }: HandoverOptions,
  system: System,
  input: string,
  output: string,
): Promise<object> {
  const names = { brokers, workload: 'balances', commitMs, application: `app-${output}`, input, output } as const;
  const jobs = [1, 2].map((): KafkaJob => ({ ...names, directory: mkdtempSync(join(directory, `${system.name}-`)) }));
  const children = jobs.map((job) => system.serve(job));
  const counts = new Counts();
  let stretch = new Window();
  const watch = new OutputWatch(log, output, (seen) => {
    counts.saw(output, seen);
    stretch.add(seen);
  });
  let traffic: Traffic | undefined;
  try {
    await sleep(JOIN_MS);
    const arriving = new Traffic({ log, topic: input, partitions: PARTITIONS, recordsPerSecond, accounts, fromId: 0 });
    traffic = arriving;
    await watch.until('the first output', () => watch.seen > 0, REST_MAX_MS);
    await sleep(WARM_UP_MS);
    stretch = new Window();
    await sleep(seconds * 1_000);
    const before = stretch.end();
    stretch = new Window();
    const leaving = endProcess(children[0]!, 'SIGTERM');
    await sleep(seconds * 1_000);
    // Where a partition is still silent its gap is at least what it is by now.
    const after = stretch;
    await leaving;
    await arriving.stop();
    counts.add(arriving.sentOf);
    await watch.until('all outputs', () => watch.seen >= counts.total, REST_MAX_MS);
    const handover = after.end();
    counts.require(output, 0);
    return { before, handover, counts: 'right' };
  } finally {
    await traffic?.stop().catch(() => undefined);
    await watch.stop().catch(() => undefined);
    await Promise.all(children.map((child) => endProcess(child, 'SIGTERM')));
  }
}

class Window {
  readonly #lastAt = new Array<number>(PARTITIONS).fill(Date.now());
  readonly #latencies: number[] = [];
  #longestGapMs = 0;

  add({ partition, timestamp, seenAt }: SeenOutput): void {
    this.#latencies.push(seenAt - timestamp);
    this.#longestGapMs = Math.max(this.#longestGapMs, seenAt - this.#lastAt[partition]!);
    this.#lastAt[partition] = seenAt;
  }

  end(): Stretch {
    const [p50Ms, p99Ms] = [percentile(this.#latencies, 50), percentile(this.#latencies, 99)];
    return { p50Ms, p99Ms, longestGapMs: this.#longestGapMs };
  }
}
