import type { TopicPartition } from '../../record.ts';
import { partitionKey } from '../fetch/fetch-position.ts';

/** Who holds a changelog's partition: compared by identity. */
export type Holder = object;

/**
 * Who may write the rows of a changelog's partition in this process: its holder, by commits, from the end of a restore on until it lets go; and restores, one at a
 * time. Kept in memory only, for a crash begins with a restore anyway.
 */
export class ChangelogHolders {
  readonly #holders = new Map<string, Holder>();
  /** Restores under way, and what waits behind them, by changelog. */
  readonly #restores = new Map<string, Promise<unknown>>();

  holderOf({ topic, partition }: TopicPartition): Holder | undefined {
    return this.#holders.get(partitionKey(topic, partition));
  }

  /** To be called at the end of a restore, before anything else runs. */
  hold({ topic, partition }: TopicPartition, holder: Holder): void {
    this.#holders.set(partitionKey(topic, partition), holder);
  }

  /** Lets go of all that the holder has, but of these. */
  keepOnly(kept: readonly TopicPartition[], holder: Holder): void {
    const keys = new Set(kept.map(({ topic, partition }) => partitionKey(topic, partition)));
    for (const [key, each] of this.#holders) if (each === holder && !keys.has(key)) this.#holders.delete(key);
  }

  /** Whether nobody else writes the rows now. */
  isFree(changelog: TopicPartition): boolean {
    const key = partitionKey(changelog.topic, changelog.partition);
    return !this.#holders.has(key) && !this.#restores.has(key);
  }

  /** One restore of a changelog at a time: two at once would take each other's newer rows back. */
  async exclusively(changelog: TopicPartition, action: () => Promise<void>): Promise<void> {
    const key = partitionKey(changelog.topic, changelog.partition);
    const running = (this.#restores.get(key) ?? Promise.resolve()).then(action);
    const settled = running.catch(() => undefined);
    this.#restores.set(key, settled);
    try {
      await running;
    } finally {
      if (this.#restores.get(key) === settled) this.#restores.delete(key);
    }
  }
}
