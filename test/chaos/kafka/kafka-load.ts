import type { Log } from '../../../src/log/log.ts';
import { partitionFor } from '../../../src/log/partitioner.ts';
import type { NewRecord } from '../../../src/log/record.ts';
import { type SeededRandom, seededRandom } from '../../../src/random.ts';

export interface KafkaLoadOptions {
  readonly log: Log;
  readonly topic: string;
  readonly partitions: number;
  readonly records: number;
  readonly seed: number;
  /** As long as nobody hurries it. */
  readonly perSecond: number;
}

const KEYS = 500;
const AMOUNT_MAX = 1_000;
const BATCH_RECORDS_MAX = 200;
const PACE_MS = 20;

/** Records of random keys and amounts, sent evenly: there is always a commit to be disturbed. */
export class KafkaLoad {
  /** Of each key, in the order in which they were sent. */
  readonly amounts = new Map<string, number[]>();
  /** Resolves when all are in the log. */
  readonly sent: Promise<void>;
  readonly #options: KafkaLoadOptions;
  readonly #random: SeededRandom;
  #count = 0;
  #isHurried = false;

  constructor(options: KafkaLoadOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.sent = this.#sendAll();
  }

  get count(): number {
    return this.#count;
  }

  /** From now on as fast as the log takes them. */
  hurry(): void {
    this.#isHurried = true;
  }

  /** One record more of each key: whoever owns its state now shows what that is. Returns how many. */
  async lastRound(): Promise<number> {
    const keys = [...this.amounts.keys()];
    await this.#append(keys);
    return keys.length;
  }

  async #sendAll(): Promise<void> {
    const { records, perSecond } = this.#options;
    const startedAt = performance.now();
    while (this.#count < records) {
      const due = this.#isHurried ? records : Math.ceil(((performance.now() - startedAt) / 1_000) * perSecond);
      const count = Math.min(BATCH_RECORDS_MAX, records - this.#count, due - this.#count);
      if (count > 0) await this.#append(Array.from({ length: count }, () => `key-${this.#random.below(KEYS)}`));
      this.#count += count;
      if (!this.#isHurried) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  async #append(keys: readonly string[]): Promise<void> {
    const { log, topic, partitions } = this.#options;
    const byPartition = new Map<number, NewRecord[]>();
    for (const text of keys) {
      const amount = 1 + this.#random.below(AMOUNT_MAX);
      const amounts = this.amounts.get(text) ?? [];
      this.amounts.set(text, amounts);
      amounts.push(amount);
      const key = Buffer.from(text);
      const partition = partitionFor(key, partitions);
      const records = byPartition.get(partition) ?? [];
      byPartition.set(partition, records);
      records.push({ topic, partition, timestamp: Date.now(), key, value: Buffer.from(`${amount}`) });
    }
    await Promise.all([...byPartition.values()].map((batch) => log.append(batch)));
  }
}
