import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { NewRecord } from '../../src/log/record.ts';
import { recordKeyOf, recordValueOf } from '../workloads.ts';

export interface TrafficOptions {
  readonly log: Log;
  readonly topic: string;
  readonly partitions: number;
  readonly recordsPerSecond: number;
  readonly accounts: number;
  /** Of how many accounts records arrive; the others have state only (all). */
  readonly busyAccounts?: number;
  /** The id of the first record. */
  readonly fromId: number;
}

const TICK_MS = 20;

/** Records that arrive evenly, stamped with the time of their sending, until it is stopped. */
export class Traffic {
  /** How many were sent of each account: what must have been counted in the end. */
  readonly sentOf = new Map<string, number>();
  readonly #options: TrafficOptions;
  readonly #running: Promise<void>;
  #nextId: number;
  #sent = 0;
  #isStopping = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#nextId = options.fromId;
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** Records that the brokers have acknowledged or that are on their way to them. */
  get sent(): number {
    return this.#sent;
  }

  get lastId(): number {
    return this.#nextId - 1;
  }

  /** Resolves when all of it is in the log; rejects where some of it could not be written. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(): Promise<void> {
    const { recordsPerSecond } = this.#options;
    const startedAt = performance.now();
    const underWay = new Set<Promise<void>>();
    while (!this.#isStopping && this.#failure === undefined) {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * recordsPerSecond);
      for (const batch of this.#next(due - this.#sent)) {
        const appending: Promise<void> = this.#append(batch).finally(() => underWay.delete(appending));
        underWay.add(appending);
      }
      await sleep(TICK_MS);
    }
    await Promise.all(underWay);
  }

  /** Never rejects: the failure ends the traffic. */
  async #append(batch: readonly NewRecord[]): Promise<void> {
    try {
      await this.#options.log.append(batch);
    } catch (error) {
      this.#failure = { error };
    }
  }

  /** One partition a batch, so that none of them needs a transaction. */
  #next(count: number): readonly (readonly NewRecord[])[] {
    const { topic, partitions, accounts, busyAccounts = accounts } = this.#options;
    const batches = Array.from({ length: partitions }, (): NewRecord[] => []);
    const timestamp = Date.now();
    for (let i = 0; i < count; i++) {
      const id = this.#nextId++;
      const account = recordKeyOf(id % busyAccounts, accounts);
      const key = Buffer.from(account);
      const partition = partitionFor(key, partitions);
      batches[partition]!.push({ topic, partition, timestamp, key, value: recordValueOf(id) });
      this.sentOf.set(account, (this.sentOf.get(account) ?? 0) + 1);
    }
    this.#sent += count;
    return batches.filter((batch) => batch.length > 0);
  }
}
