import type { Log } from '../../src/log/log.ts';
import type { NewRecord } from '../../src/log/record.ts';
import type { FaultOptions } from '../../src/log/simulated/faults.ts';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { VirtualTime } from '../../src/log/simulated/virtual-time.ts';
import { type SeededRandom, seededRandom } from '../../src/random.ts';
import { Worker, type WorkerOptions } from '../../src/runtime/worker.ts';
import { topicConfig } from '../embedded-log.ts';

export const IDLE_AFTER_MS = 300;
export const FAULTS: FaultOptions = { refuseCommit: 0.1, unknownCommit: 0.1, fenceMember: 0.05, delayCommit: 0.2 };

/** `topics` exist before the workers start. */
export interface TickingOptions extends Pick<WorkerOptions, 'topology' | 'errorHandlers'> {
  readonly seed: number;
  readonly topics: readonly string[];
  readonly partitions: number;
  readonly members: readonly string[];
  readonly faults?: FaultOptions;
  /** Added to the virtual time that the workers see; may change. */
  readonly skewMs?: () => number;
  /** One of several from the seed without it. */
  readonly commitIntervalMs?: number;
  /** Most records of a poll; as many as the worker asks for without it. */
  readonly pollRecordsMax?: number;
}

/** Workers over a simulated log in virtual time, in which silence costs nothing. */
export class TickingApplication {
  readonly #options: TickingOptions;
  readonly random: SeededRandom;
  readonly #time = new VirtualTime(1_000_000);
  log: SimulatedLog;
  aborts = 0;
  crashes = 0;
  #workers: { readonly worker: Worker; readonly running: Promise<void> }[] = [];

  constructor(options: TickingOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    const { faults = {} } = options;
    this.log = this.#pollingLess(new SimulatedLog({ random: () => this.random.next(), time: this.#time, faults }));
  }

  /** Polls hand out what the worker can take only little by little. */
  #pollingLess(log: SimulatedLog): SimulatedLog {
    const { pollRecordsMax } = this.#options;
    if (pollRecordsMax === undefined) return log;
    const join = log.join.bind(log);
    log.join = async (membership) => {
      const member = await join(membership);
      const poll = member.poll.bind(member);
      member.poll = (options) => poll({ ...options, maxRecords: 1 + this.random.below(pollRecordsMax) });
      return member;
    };
    return log;
  }

  async open(records: readonly NewRecord[] = []): Promise<void> {
    const { topics, partitions } = this.#options;
    await this.log.createTopics(topics.map((topic) => topicConfig(topic, partitions)));
    if (records.length > 0) await this.log.append(records);
    this.#start();
  }

  #start(): void {
    const { topology, members, errorHandlers, commitIntervalMs, skewMs = () => 0 } = this.#options;
    const handlers = errorHandlers === undefined ? {} : { errorHandlers };
    this.#workers = members.map((member) => {
      const worker = new Worker({
        log: this.log,
        topology,
        application: 'app',
        member,
        clock: () => this.#time.now() + skewMs(),
        commitIntervalMs: commitIntervalMs ?? this.random.pick([0, 40, 130, 600]),
        idleAfterMs: IDLE_AFTER_MS,
        onFault: () => {
          this.aborts++;
        },
        sleep: (ms) => this.sleep(ms),
        ...handlers,
      });
      const running = worker.run().catch((error: { code?: string }) => {
        if (error.code !== 'LOG_CLOSED') this.#failures.push(error);
      });
      return { worker, running };
    });
  }

  readonly #failures: unknown[] = [];

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#time.startTimer(ms, resolve);
    });
  }

  async crash(): Promise<void> {
    this.crashes++;
    this.log.crash();
    await this.#end();
    this.log = this.#pollingLess(this.log.reopen());
    this.#start();
  }

  /** Twice for each sub-topology that waits for another. */
  async idle(): Promise<void> {
    for (let round = 0; round < 3; round++) await Promise.all(this.#workers.map(({ worker }) => worker.idle()));
  }

  async stop(): Promise<void> {
    await this.#end();
    this.#workers = [];
  }

  async #end(): Promise<void> {
    for (const { worker } of this.#workers) worker.stop();
    await Promise.all(this.#workers.map(({ running }) => running));
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

/** All records of a topic, partition after partition. */
export async function recordsOf(log: Log, topic: string): Promise<readonly NewRecord[]> {
  const records: NewRecord[] = [];
  for (const { partition, start, end } of await log.watermarks(topic)) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      for (let index = 0; index < batch.length; index++) {
        const [key, value] = [batch.keyAt(index)?.slice() ?? null, batch.valueAt(index)?.slice() ?? null];
        records.push({ topic, partition, timestamp: batch.timestampAt(index), key, value });
        offset = batch.offsetAt(index) + 1;
      }
    }
  }
  return records;
}

/** The values of each key with their timestamps, in order. */
export function byKey(records: readonly NewRecord[]): Readonly<Record<string, readonly string[]>> {
  const of: Record<string, string[]> = {};
  for (const { key, value, timestamp } of records) {
    const name = key === null ? 'null' : Buffer.from(key).toString();
    of[name] ??= [];
    of[name].push(`${value === null ? null : Buffer.from(value)} ${timestamp}`);
  }
  return of;
}
