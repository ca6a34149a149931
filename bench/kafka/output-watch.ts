import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';

/** A record of a `balances` output as a reader of committed records sees it. */
export interface SeenOutput {
  readonly partition: number;
  readonly key: string;
  /** How many records of the account are in it. */
  readonly count: number;
  /** The record that made it. */
  readonly id: number;
  /** The input's timestamp, and when this reader saw the output (both ms, one machine). */
  readonly timestamp: number;
  readonly seenAt: number;
}

const LOOK_EVERY_MS = 5;

/** Reads an output topic as it grows, until it is stopped. */
export class OutputWatch {
  readonly #log: Log;
  readonly #topic: string;
  readonly #onSeen: (output: SeenOutput) => void;
  readonly #running: Promise<void>;
  #isStopping = false;
  #seen = 0;
  #lastId = -1;
  #failure: { readonly error: unknown } | undefined;

  constructor(log: Log, topic: string, onSeen: (output: SeenOutput) => void = () => {}) {
    this.#log = log;
    this.#topic = topic;
    this.#onSeen = onSeen;
    this.#running = this.#run().catch((error: unknown) => {
      this.#failure = { error };
    });
  }

  /** Records so far. */
  get seen(): number {
    return this.#seen;
  }

  /** The greatest id so far. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Resolves when something is so; rejects with RangeError where it is not within the time. */
  async until(what: string, isSo: () => boolean, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!isSo()) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (performance.now() > deadline) {
        throw new RangeError(`${this.#topic}: waited ${timeoutMs / 1_000} s for ${what}; ${this.#seen} outputs so far`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #run(): Promise<void> {
    const ends = await this.#log.watermarks(this.#topic);
    const next = ends.map(({ start }) => start);
    while (!this.#isStopping) {
      const before = this.#seen;
      await Promise.all(
        ends.map(async ({ partition }, i) => {
          next[i] = await this.#readOn(partition, next[i]!);
        }),
      );
      if (this.#seen === before) await sleep(LOOK_EVERY_MS);
    }
  }

  async #readOn(partition: number, from: number): Promise<number> {
    const batch = await this.#log.read(this.#topic, partition, from);
    if (batch === null) return from;
    const seenAt = Date.now();
    for (let i = 0; i < batch.length; i++) {
      const value = Buffer.from(batch.valueAt(i)!);
      const [count, id] = [Number(value.readBigInt64BE(8)), Number(value.readBigInt64BE(16))];
      this.#seen++;
      this.#lastId = Math.max(this.#lastId, id);
      this.#onSeen({
        partition,
        key: Buffer.from(batch.keyAt(i)!).toString(),
        count,
        id,
        timestamp: batch.timestampAt(i),
        seenAt,
      });
    }
    return batch.offsetAt(batch.length - 1) + 1;
  }
}
