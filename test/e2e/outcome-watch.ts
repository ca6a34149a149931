import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/log/log.ts';

const LOOK_EVERY_MS = 20;

/** Watches the ledger's outcomes as they become readable, for how long nothing came. */
export class OutcomeWatch {
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  readonly #lastAt = new Map<number, number>();
  #longestMs = 0;
  #ofOnePartitionMs = 0;

  constructor(log: Log) {
    this.#log = log;
    this.#watching = this.#watch();
  }

  async end(): Promise<{ readonly longestMs: number; readonly ofOnePartitionMs: number }> {
    this.#stop.abort();
    await this.#watching;
    return { longestMs: this.#longestMs, ofOnePartitionMs: this.#ofOnePartitionMs };
  }

  async #watch(): Promise<void> {
    const partitions = (await this.#log.watermarks('ledger.transactions')).map(({ partition }) => partition);
    await Promise.all(partitions.map((partition) => this.#watchPartition(partition)));
  }

  async #watchPartition(partition: number): Promise<void> {
    let offset = 0;
    while (!this.#stop.signal.aborted) {
      const batch = await this.#log.read('ledger.transactions', partition, offset);
      if (batch === null || batch.length === 0) {
        await sleep(LOOK_EVERY_MS);
        continue;
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
      this.#note(partition, Date.now());
    }
  }

  /** The first outcome of a partition begins its count. */
  #note(partition: number, now: number): void {
    const last = this.#lastAt.get(partition);
    if (last !== undefined) {
      this.#ofOnePartitionMs = Math.max(this.#ofOnePartitionMs, now - last);
      this.#longestMs = Math.max(this.#longestMs, now - Math.max(...this.#lastAt.values()));
    }
    this.#lastAt.set(partition, now);
  }
}
