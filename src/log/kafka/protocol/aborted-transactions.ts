import type { AbortedTransaction } from './requests/fetch.ts';

/**
 * Tells which batches of one fetched record set are aborted, when asked batch by batch in the order of the log. Brokers list aborted
 * transactions in the order in which they ended; what counts is where they begin. A producer has one transaction at a time: from its first
 * batch to its marker.
 */
export class AbortedTransactions {
  readonly #listed: readonly AbortedTransaction[];
  #next = 0;
  readonly #producers = new Set<bigint>();

  constructor(listed: readonly AbortedTransaction[]) {
    this.#listed = listed.length < 2 ? listed : [...listed].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Whether a transactional batch of records, with this last offset, belongs to a transaction that was aborted. */
  isAborted(producerId: bigint, lastOffset: number): boolean {
    this.#begin(lastOffset);
    return this.#producers.has(producerId);
  }

  /** The marker that ends a transaction of the producer. */
  abortMarker(producerId: bigint, offset: number): void {
    this.#begin(offset);
    this.#producers.delete(producerId);
  }

  #begin(lastOffset: number): void {
    while (this.#next < this.#listed.length && this.#listed[this.#next]!.firstOffset <= lastOffset) {
      this.#producers.add(this.#listed[this.#next++]!.producerId);
    }
  }
}
