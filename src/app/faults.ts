import type { ErrorCode, HeadraceError } from '../errors.ts';

/** How often something went wrong that a node goes on from, or that ended it. */
export interface FaultCount {
  /** The application whose worker met it; `log` for the log itself, such as brokers that do not answer. */
  readonly source: string;
  readonly code: ErrorCode;
  readonly count: number;
}

/** What went wrong since the node was opened: counts for metrics, and the last one for people. */
export class Faults {
  readonly #counts = new Map<string, FaultCount>();
  #last: HeadraceError | undefined;

  note(source: string, error: HeadraceError): void {
    const { code } = error;
    const key = `${source} ${code}`;
    this.#counts.set(key, { source, code, count: (this.#counts.get(key)?.count ?? 0) + 1 });
    this.#last = error;
  }

  get last(): HeadraceError | undefined {
    return this.#last;
  }

  get counts(): readonly FaultCount[] {
    return [...this.#counts.values()];
  }

  /** Both, as a node's status tells them. */
  get figures() {
    const fault = this.#last === undefined ? undefined : { code: this.#last.code, message: this.#last.message };
    return { fault, faults: this.counts };
  }
}
