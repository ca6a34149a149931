import { partitionKey } from '../fetch/fetch-position.ts';

/**
 * Where this process has written with transactions. The brokers answer the end of a transaction when it is decided; its records become
 * readable a moment later, partition by partition. Whoever reads here waits for what was acknowledged here.
 */
export class Visibility {
  readonly #ends = new Map<string, number>();

  written(topic: string, partition: number, endOffset: number): void {
    const key = partitionKey(topic, partition);
    if (endOffset > (this.#ends.get(key) ?? -1)) this.#ends.set(key, endOffset);
  }

  /** What readers must be able to see; forgotten once they can. */
  isVisible(topic: string, partition: number, lastStableOffset: number): boolean {
    const key = partitionKey(topic, partition);
    const end = this.#ends.get(key);
    if (end === undefined) return true;
    if (lastStableOffset < end) return false;
    this.#ends.delete(key);
    return true;
  }
}
