import type { Log } from '../log/log.ts';

/** How many records a partition holds from an offset on, as far as they were read. */
interface Counted {
  records: number;
  next: number;
}

/**
 * Counts the records of topics that keep everything. In a log of our own that is the difference of two offsets; a shared one (Kafka) gives
 * offsets to ends of transactions as well, so that records are read, each of them once.
 */
export class RecordCounter {
  readonly #log: Pick<Log, 'watermarks' | 'read' | 'instance'>;
  readonly #counted = new Map<string, Counted>();

  constructor(log: Pick<Log, 'watermarks' | 'read' | 'instance'>) {
    this.#log = log;
  }

  /** From these offsets on, by partition; from the first ones held without them. */
  async count(topic: string, from?: readonly number[]): Promise<number> {
    let sum = 0;
    for (const { partition, start, end } of await this.#log.watermarks(topic)) {
      const first = from?.[partition] ?? start;
      sum += this.#log.instance === undefined ? end - first : await this.#read(topic, partition, first, end);
    }
    return sum;
  }

  async #read(topic: string, partition: number, first: number, end: number): Promise<number> {
    const key = `${topic} ${partition} ${first}`;
    const counted = this.#counted.get(key) ?? { records: 0, next: first };
    this.#counted.set(key, counted);
    while (counted.next < end) {
      const batch = await this.#log.read(topic, partition, counted.next);
      if (batch === null) break;
      counted.records += batch.length;
      counted.next = batch.offsetAt(batch.length - 1) + 1;
    }
    return counted.records;
  }
}
