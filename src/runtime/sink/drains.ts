import type { GroupOffset, Log } from '../../log/log.ts';

interface Drain {
  /** Partition to the end of it when the drain was asked for, until the sink has committed up to there. */
  readonly missing: Map<string, number>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Those who wait until the sink has brought everything over that was in the log when they asked. */
export class Drains {
  readonly #log: Log;
  readonly #topics: readonly string[];
  readonly #waiting: Drain[] = [];
  /** Why nothing will be drained any more, once that is so. */
  #failure: { readonly error: unknown } | undefined;

  constructor(log: Log, topics: readonly string[]) {
    this.#log = log;
    this.#topics = topics;
  }

  get count(): number {
    return this.#waiting.length;
  }

  async add(): Promise<void> {
    const missing = new Map<string, number>();
    for (const topic of this.#topics) {
      for (const { partition, start, end } of await this.#log.watermarks(topic)) {
        if (end > start) missing.set(`${topic}-${partition}`, end);
      }
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    await new Promise<void>((resolve, reject) => this.#waiting.push({ missing, resolve, reject }));
  }

  committed(offsets: readonly GroupOffset[]): void {
    for (const drain of this.#waiting) strike(drain, offsets);
  }

  /**
   * Resolves those among the first `count` that have nothing left. `isAtEnd`: a poll begun after they asked found
   * nothing more, which covers offsets that hold no record any more (compaction).
   */
  async check(count: number, isAtEnd: boolean, group: string): Promise<void> {
    if (count === 0) return;
    const offsets = await this.#log.committedOffsets(group);
    for (const drain of this.#waiting.slice(0, count)) {
      strike(drain, offsets);
      if (drain.missing.size > 0 && !isAtEnd) continue;
      this.#waiting.splice(this.#waiting.indexOf(drain), 1);
      drain.resolve();
    }
  }

  /** Rejects those who wait, and whoever comes later. */
  fail(error: unknown): void {
    this.#failure = { error };
    for (const drain of this.#waiting.splice(0)) drain.reject(error);
  }
}

function strike(drain: Drain, offsets: readonly GroupOffset[]): void {
  for (const { topic, partition, offset } of offsets) {
    const name = `${topic}-${partition}`;
    const end = drain.missing.get(name);
    if (end !== undefined && offset >= end) drain.missing.delete(name);
  }
}
