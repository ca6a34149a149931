import { WriteBuffer } from '../../src/state/write-buffer.ts';
import { MemoryState } from '../../src/testing/memory-state.ts';

/**
 * A write buffer over committed state in memory, with what happens to it in a task: records that fail, commits, crashes. The
 * store under test is made anew after a crash.
 */
export class StoreUnderTest<S> {
  readonly #state = new MemoryState();
  readonly #open: (buffer: WriteBuffer) => S;
  #buffer: WriteBuffer;
  store: S;

  constructor(open: (buffer: WriteBuffer) => S) {
    this.#open = open;
    this.#buffer = this.#newBuffer();
    this.store = open(this.#buffer);
  }

  commit(): void {
    const changes = this.#buffer.changes();
    if (changes !== undefined) this.#state.apply([changes]);
    this.#buffer.markCommitted();
  }

  crash(): void {
    this.#buffer = this.#newBuffer();
    this.store = this.#open(this.#buffer);
  }

  /** What the action writes is undone, as after a record that fails. */
  rolledBack(action: (store: S) => void): void {
    this.#buffer.beginRecord();
    action(this.store);
    this.#buffer.rollbackRecord();
  }

  record(action: (store: S) => void): void {
    this.#buffer.beginRecord();
    action(this.store);
  }

  #newBuffer(): WriteBuffer {
    return new WriteBuffer('store', 0, this.#state.partition('store', 0));
  }
}
