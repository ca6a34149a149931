/** How likely each fault is at each commit of a member, 0 to 1. All are 0 where they are not given. */
export interface FaultOptions {
  /** COMMIT_REFUSED, nothing written; the member stays. */
  readonly refuseCommit?: number;
  /** COMMIT_UNKNOWN, written or not (half and half); the member is out. */
  readonly unknownCommit?: number;
  /** MEMBER_FENCED, nothing written; the member is out and its partitions go to others. */
  readonly fenceMember?: number;
  /** The commit takes up to `delayCommitMsMax` of virtual time; others may come first. */
  readonly delayCommit?: number;
  readonly delayCommitMsMax?: number;
}

export type Fault = 'none' | 'refuse' | 'unknown-written' | 'unknown-lost' | 'fence';

const DELAY_MS_MAX = 50;

/** Draws the faults of a run from its seed. */
export class Faults {
  readonly #options: FaultOptions;
  readonly #random: () => number;

  constructor(options: FaultOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  next(): Fault {
    const { refuseCommit = 0, unknownCommit = 0, fenceMember = 0 } = this.#options;
    const drawn = this.#random();
    if (drawn < refuseCommit) return 'refuse';
    if (drawn < refuseCommit + unknownCommit) return this.#random() < 0.5 ? 'unknown-written' : 'unknown-lost';
    if (drawn < refuseCommit + unknownCommit + fenceMember) return 'fence';
    return 'none';
  }

  delayMs(): number {
    const { delayCommit = 0, delayCommitMsMax = DELAY_MS_MAX } = this.#options;
    return this.#random() < delayCommit ? Math.ceil(this.#random() * delayCommitMsMax) : 0;
  }

  /** How many of `count` waiting commits a crash finds done. */
  doneAtCrash(count: number): number {
    return Math.floor(this.#random() * (count + 1));
  }
}
