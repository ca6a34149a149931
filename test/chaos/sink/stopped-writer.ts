import type { InsertFault } from './faulty-clickhouse.ts';

/**
 * A writer that is stopped before the first insert of a cut, as by SIGSTOP or a long pause of its machine: the rows are encoded, and
 * those of all its tables reach ClickHouse only after `goOn`.
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
    let isStopped = false;
    let cutBefore: string | undefined;
    this.fault = async (send, { queryId, table }) => {
      const cut = queryId.replace(`-${table}`, '');
      isStopped ||= left-- <= 0 && cut !== cutBefore;
      cutBefore = cut;
      if (isStopped) {
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
