import type { InsertFault } from './faulty-clickhouse.ts';

/**
 * A writer that is stopped in the middle of an insert, as by SIGSTOP or a long pause of its machine: the rows are encoded,
 * and reach ClickHouse only after `goOn`, as do those of its other inserts.
 */
export class StoppedWriter {
  /** Resolves when the writer stands still. */
  readonly stopped: Promise<void>;
  readonly fault: InsertFault;
  #goOn: () => void = () => undefined;

  constructor(insertsBefore: number) {
    const continued = new Promise<void>((resolve) => (this.#goOn = resolve));
    let standStill: () => void = () => undefined;
    this.stopped = new Promise((resolve) => (standStill = resolve));
    let left = insertsBefore;
    this.fault = async (send) => {
      if (left-- <= 0) {
        standStill();
        await continued;
      }
      await send();
    };
  }

  goOn(): void {
    this.#goOn();
  }
}
