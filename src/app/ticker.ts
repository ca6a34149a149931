import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { NewRecord } from '../log/record.ts';
import { fromBinaryString, toBinaryString } from '../state/binary-string.ts';

/** A group that keeps deadlines, and the topic on which it is told the time. */
export interface Timers {
  readonly group: string;
  readonly topic: string;
}

export interface TickerOptions {
  readonly log: Pick<Log, 'state' | 'awaitCommit'>;
  /** As Log.append; the node's own, which waits while intake is held. */
  readonly append: (records: readonly NewRecord[]) => Promise<unknown>;
  readonly timers: readonly Timers[];
  /**
   * The partitions of a topic of timers, and so of the store of deadlines, that are this ticker's matter: those that its workers work on. What
   * lies here of others is what they were when they went to another owner, who has ticked for them since.
   */
  readonly partitionsOf: (timers: Timers) => Iterable<number>;
  readonly clock: Clock;
}

/** The store of deadlines; its keys begin with the deadline in milliseconds, 8 bytes big-endian. */
const STORE = 'deadlines';
/** A clock that was set may make due what was not: it is looked at so often at least. */
const WAIT_MAX_MS = 1_000;
/** Commits may come by the hundred in a second, and deadlines are seconds: it is looked no more often. */
const LOOK_PAUSE_MS = 20;
/** A tick that has not moved its store's first deadline after so long is repeated. */
const REPEAT_AFTER_MS = 1_000;

/** The tick of a partition that was sent last. */
interface Sent {
  /** The first entry of the store at that time. */
  readonly first: string;
  readonly at: number;
  isAppended: boolean;
}

/**
 * Tells topologies the time. They read no clock: whoever waits for a moment writes it into the store `deadlines`, and
 * when the first one of a partition is due, a record `{ at }` goes to that partition of the topic of timers. Processing
 * it fires what is due at `at`, so a tick too many changes nothing, and one that was lost in a crash is sent again.
 */
export class Ticker {
  readonly #options: TickerOptions;
  readonly #sent = new Map<string, Sent>();
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: TickerOptions) {
    this.#options = options;
  }

  /** Works until `stop`. Rejects with an error of the log that no repetition mends. */
  async run(): Promise<void> {
    const { log, clock } = this.#options;
    const stopped = new Promise<void>((resolve) => this.#stop.signal.addEventListener('abort', () => resolve()));
    while (!this.#stop.signal.aborted) {
      const nextAt = this.#look();
      const untilNextMs = Math.min(WAIT_MAX_MS, Math.max(LOOK_PAUSE_MS, nextAt - clock()));
      // Looking and listening happen in one turn, so that no commit falls between them.
      const committed = log.awaitCommit(untilNextMs).catch((error: unknown) => this.#fail(error));
      await Promise.race([committed, stopped]);
      await sleepFor(LOOK_PAUSE_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#failure !== undefined && !this.#stop.signal.aborted) throw this.#failure.error;
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Sends the ticks that are due, and says when to look again at the latest. */
  #look(): number {
    const { log, timers, partitionsOf, clock } = this.#options;
    const now = clock();
    // What is due later than the next look need not be read.
    const beyond = keyAt(now + WAIT_MAX_MS);
    let nextAt = Number.POSITIVE_INFINITY;
    for (const each of timers) {
      const { group, topic } = each;
      const state = log.state(group);
      for (const partition of partitionsOf(each)) {
        const first = state.partition(STORE, partition).range(undefined, beyond).next();
        const name = `${topic}-${partition}`;
        if (first.done) this.#sent.delete(name);
        else nextAt = Math.min(nextAt, this.#consider(name, first.value[0], now, { topic, partition }));
      }
    }
    return nextAt;
  }

  #consider(name: string, first: string, now: number, to: { readonly topic: string; readonly partition: number }) {
    const deadline = deadlineOf(first);
    if (deadline > now) return deadline;
    const last = this.#sent.get(name);
    // Held intake keeps a tick waiting: no other one is to queue behind it.
    if (last?.isAppended === false) return now + REPEAT_AFTER_MS;
    const repeatAt = (last?.at ?? now) + REPEAT_AFTER_MS;
    // Also not yet where the clock was set back since.
    if (last?.first === first && repeatAt > now && last.at <= now) return repeatAt;
    const sent: Sent = { first, at: now, isAppended: false };
    this.#sent.set(name, sent);
    void this.#append({ ...to, timestamp: now, key: null, value: Buffer.from(JSON.stringify({ at: now })) }, sent);
    return now + REPEAT_AFTER_MS;
  }

  async #append(tick: NewRecord, sent: Sent): Promise<void> {
    try {
      await this.#options.append([tick]);
    } catch (error) {
      // A log that has no room may have some by the next try, and a tick that may be there already changes nothing when it is sent again.
      const mayPass = error instanceof HeadraceError && (error.retriable || error.code === 'COMMIT_UNKNOWN');
      if (!mayPass) this.#fail(error);
    } finally {
      sent.isAppended = true;
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }
}

const TIME_BYTES = 8;

/** Keys below this one have a deadline before the moment. */
function keyAt(moment: number): string {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeBigInt64BE(BigInt(moment));
  return toBinaryString(bytes);
}

function deadlineOf(key: string): number {
  return Number(Buffer.from(fromBinaryString(key)).readBigInt64BE(0));
}
