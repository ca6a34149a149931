import { setTimeout as sleep } from 'node:timers/promises';

/** A client that asks again within this time is still at its task. */
const QUIET_MS = 300;
const STEP_MS = 50;

/** Whether someone is asking, so that a process does not end in the middle of another one's task. */
export class RequestTraffic {
  #underWay = 0;
  #quietMs = QUIET_MS;

  began(): void {
    this.#underWay++;
    this.#quietMs = 0;
  }

  ended(): void {
    this.#underWay = Math.max(0, this.#underWay - 1);
    this.#quietMs = 0;
  }

  /** Resolves when nobody has asked for 300 ms, at once where nobody ever did, or after `maxMs`. */
  async quiet(maxMs: number): Promise<void> {
    for (let waitedMs = 0; waitedMs < maxMs; waitedMs += STEP_MS) {
      if (this.#underWay === 0 && this.#quietMs >= QUIET_MS) return;
      await sleep(STEP_MS);
      this.#quietMs += STEP_MS;
    }
  }
}
