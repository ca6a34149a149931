import type { Clock } from '../../../clock.ts';

/** Clients remembered at most; the one not seen for longest goes, and begins anew with a full bucket. */
const CLIENTS_MAX = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** Lets each client make so many requests a second, and `burst` at once after a pause. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: Clock;
  /** In the order in which they were last seen. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#clock = clock;
  }

  /** Seconds until the client may make its next request; 0 where it may make this one, which then counts. */
  take(client: string): number {
    const now = this.#clock();
    const bucket = this.#buckets.get(client) ?? { tokens: this.#burst, at: now };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > CLIENTS_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
    // A clock that was set back gives nothing and takes nothing.
    const passedMs = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (passedMs * this.#perSecond) / 1_000);
    bucket.at = now;
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perSecond;
    bucket.tokens--;
    return 0;
  }
}
