import { HeadraceError } from '../errors.ts';

const HELD = 'What comes in is held while log, state and ClickHouse are compared; try again shortly';

/** Appends wait while it is held. */
export interface Hold {
  /** Lets appends go on; further calls do nothing. */
  release(): Promise<void>;
}

/** The door of the log: appends pass, unless someone holds it to look at log, state and ClickHouse at rest. */
export class IntakeGate {
  readonly #holds = new Set<Hold>();
  #inside = 0;
  #waiting: (() => void)[] = [];

  /**
   * Runs an append, after the holds that there are. Throws LOG_BACKPRESSURE (retriable), with nothing appended, where they
   * last longer than `waitMaxMs`.
   */
  async pass<T>(append: () => Promise<T>, waitMaxMs?: number): Promise<T> {
    if (this.#holds.size > 0) await this.#released(waitMaxMs);
    this.#inside++;
    try {
      return await append();
    } finally {
      this.#inside--;
      this.#wake();
    }
  }

  /** Resolves when the appends under way have ended and no other begins. */
  async hold(): Promise<Hold> {
    const hold: Hold = {
      release: async () => {
        if (this.#holds.delete(hold)) this.#wake();
      },
    };
    this.#holds.add(hold);
    while (this.#inside > 0) await this.#change();
    return hold;
  }

  /** Ends all holds: who ends the process is not to wait for those who look. */
  releaseAll(): void {
    this.#holds.clear();
    this.#wake();
  }

  async #released(waitMaxMs: number | undefined): Promise<void> {
    let isLate = false;
    const limit =
      waitMaxMs === undefined
        ? undefined
        : setTimeout(() => {
            isLate = true;
            this.#wake();
          }, waitMaxMs);
    try {
      while (this.#holds.size > 0) {
        if (isLate) throw new HeadraceError('LOG_BACKPRESSURE', HELD, { retriable: true });
        await this.#change();
      }
    } finally {
      clearTimeout(limit);
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
