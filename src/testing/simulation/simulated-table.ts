import { HeadraceError } from '../../errors.ts';
import type { RecordBatch } from '../../log/record-batch.ts';
import type { VirtualTime } from '../../log/simulated/virtual-time.ts';
import type { SeededRandom } from '../../random.ts';
import type { Cut, SinkTarget, SinkWriteResult } from '../../runtime/sink/sink-target.ts';
import { pauseOf } from './process-log.ts';

export interface SimulatedTableOptions {
  readonly topics: readonly string[];
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  /** How often a write fails, 0 to 1, before or after it was done. */
  readonly failWrite: () => number;
}

const WRITE_MS_MAX = 100;
/** A slow insert outlives its client, and meets the next try. */
const SLOW_WRITE_RATE = 0.2;
const SLOW_WRITE_MS_MAX = 3_000;

/**
 * The table behind a sink, as ClickHouse is one: an insert goes on when its client is gone, one with a cut number that is there already is
 * dropped, and two tries at one cut that run side by side both get in.
 */
export class SimulatedTable implements SinkTarget {
  readonly topics: readonly string[];
  readonly #options: SimulatedTableOptions;
  readonly #offsets = new Map<string, number[]>();
  readonly #cuts = new Map<number, string>();
  readonly #running = new Map<number, Set<Promise<void>>>();
  readonly #breaches: string[] = [];
  #awayUntilMs = 0;

  constructor(options: SimulatedTableOptions) {
    this.#options = options;
    this.topics = options.topics;
  }

  /** What went against the sink's protocol. */
  get breaches(): readonly string[] {
    return this.#breaches;
  }

  /** The offsets of a partition's records that are in the table, as often as they are there, in order. */
  offsetsOf(topic: string, partition: number): readonly number[] {
    return [...(this.#offsets.get(`${partition} ${topic}`) ?? [])].sort((left, right) => left - right);
  }

  beAway(forMs: number): void {
    this.#awayUntilMs = Math.max(this.#awayUntilMs, this.#options.time.now() + forMs);
  }

  comeBack(): void {
    this.#awayUntilMs = 0;
  }

  async settle({ number }: Cut): Promise<void> {
    this.#requireThere();
    await Promise.all(this.#running.get(number) ?? []);
  }

  async write(cut: Cut, batches: readonly RecordBatch[]): Promise<SinkWriteResult> {
    this.#requireThere();
    const { random, failWrite } = this.#options;
    const fails = random.next() < failWrite();
    if (fails && random.next() < 0.5) throw away();
    const others = this.#running.get(cut.number) ?? new Set();
    this.#running.set(cut.number, others);
    const isAlone = others.size === 0;
    const insert = this.#insert(cut, batches, isAlone);
    others.add(insert);
    await insert.finally(() => others.delete(insert));
    if (fails) throw away();
    return { rows: rowsOf(cut), deadLetters: [] };
  }

  async #insert(cut: Cut, batches: readonly RecordBatch[], isAlone: boolean): Promise<void> {
    const { time, random } = this.#options;
    await pauseOf(time, random.below(random.next() < SLOW_WRITE_RATE ? SLOW_WRITE_MS_MAX : WRITE_MS_MAX));
    const ranges = JSON.stringify(cut.ranges);
    const known = this.#cuts.get(cut.number);
    if (known !== undefined && known !== ranges) {
      this.#breaches.push(`cut ${cut.number} came again with other ranges: ${known}, then ${ranges}`);
    }
    if (known === ranges && isAlone) return;
    this.#cuts.set(cut.number, ranges);
    for (const batch of batches) {
      for (let i = 0; i < batch.length; i++) {
        const offset = batch.offsetAt(i);
        const isInside = cut.ranges.some(
          ({ topic, partition, from, to }) =>
            topic === batch.topic && partition === batch.partition && offset >= from && offset < to,
        );
        if (isInside) this.#add(batch.topic, batch.partition, offset);
      }
    }
  }

  #add(topic: string, partition: number, offset: number): void {
    const place = `${partition} ${topic}`;
    const offsets = this.#offsets.get(place) ?? [];
    this.#offsets.set(place, offsets);
    offsets.push(offset);
  }

  #requireThere(): void {
    if (this.#options.time.now() < this.#awayUntilMs) throw away();
  }
}

function rowsOf({ ranges }: Cut): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

function away(): HeadraceError {
  return new HeadraceError('CLICKHOUSE_FAILED', 'The simulated table does not answer', { retriable: true });
}
