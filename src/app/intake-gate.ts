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

  /** Runs an append, after the holds that there are. */
  async pass<T>(append: () => Promise<T>): Promise<T> {
    while (this.#holds.size > 0) await this.#change();
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

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
