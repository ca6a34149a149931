import { createHash } from 'node:crypto';
import type { Clock } from '../../../clock.ts';
import type { TopicConfig } from '../../../log/log.ts';
import type { NewRecord } from '../../../log/record.ts';
import type { ApiBackend } from './api-backend.ts';
import type { ApiLimits } from './api-limits.ts';
import type { Problem } from './problem.ts';

export const IDEMPOTENCY_TOPIC: TopicConfig = {
  name: 'http.idempotency',
  partitions: 1,
  cleanup: 'compact',
  retentionMs: -1,
  retentionBytes: -1,
};

/** What is kept of a request under its key, in the same commit as its records. */
export interface KeptRequest {
  /** Of method, path and body: another request under the same key is refused. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** For every item the topic and partition that its record went to, or why it was refused. */
  readonly items: readonly (readonly [topic: number, partition: number] | Problem)[];
  readonly topics: readonly string[];
  /** Where the records of each topic and partition begin at the earliest: `[topic, partition, offset]`. */
  readonly starts: readonly (readonly [topic: number, partition: number, offset: number])[];
}

interface Entry {
  readonly fingerprint: string;
  readonly at: number;
  readonly offset: number;
}

/** Keys that are forgotten with one request at most. */
const FORGOTTEN_AT_ONCE_MAX = 100;

/**
 * The keys that were used, oldest first: their fingerprints in memory, what was answered in the log. Keys older than a day
 * and, where there are too many, the oldest are forgotten; the ledger's own identities still find what comes twice.
 */
export class IdempotencyKeys {
  readonly #backend: ApiBackend;
  readonly #limits: Pick<ApiLimits, 'idempotencyKeysMax' | 'idempotencyMs'>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  private constructor(backend: ApiBackend, limits: ApiLimits, clock: Clock) {
    this.#backend = backend;
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Reads what an earlier process has left. */
  static async open(backend: ApiBackend, limits: ApiLimits, clock: Clock): Promise<IdempotencyKeys> {
    const keys = new IdempotencyKeys(backend, limits, clock);
    const [watermarks] = await backend.watermarks(IDEMPOTENCY_TOPIC.name);
    let offset = watermarks!.start;
    while (offset < watermarks!.end) {
      const batch = await backend.readBatch(IDEMPOTENCY_TOPIC.name, 0, offset);
      if (batch === null || batch.length === 0) break;
      for (let index = 0; index < batch.length; index++) {
        const key = Buffer.from(batch.keyAt(index)!).toString();
        const value = batch.valueAt(index);
        keys.#entries.delete(key);
        if (value === null) continue;
        const { fingerprint, at } = parse(value);
        keys.#entries.set(key, { fingerprint, at, offset: batch.offsetAt(index) });
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
    return keys;
  }

  /** The fingerprint under which a key was used, if it is still known. */
  fingerprintOf(key: string): string | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || this.#isOld(entry) ? undefined : entry.fingerprint;
  }

  /** What is kept under a key that is known. */
  async kept(key: string): Promise<KeptRequest> {
    const batch = await this.#backend.readBatch(IDEMPOTENCY_TOPIC.name, 0, this.#entries.get(key)!.offset);
    return parse(batch!.valueAt(0)!);
  }

  /** The record that keeps a request, and tombstones of keys whose time has come: to be appended with the request's own. */
  recordsFor(key: string, kept: KeptRequest): readonly NewRecord[] {
    return [...this.#forgotten().map((each) => record(each, kept.at, null)), record(key, kept.at, kept)];
  }

  /** The records of {@link recordsFor} are on disk, the last one at this offset. */
  noteAppended(key: string, { fingerprint, at }: KeptRequest, offset: number): void {
    for (const each of this.#forgotten()) this.#entries.delete(each);
    this.#entries.delete(key);
    this.#entries.set(key, { fingerprint, at, offset });
  }

  #forgotten(): readonly string[] {
    const keys: string[] = [];
    let tooMany = this.#entries.size + 1 - this.#limits.idempotencyKeysMax;
    for (const [key, entry] of this.#entries) {
      if (keys.length >= FORGOTTEN_AT_ONCE_MAX || (tooMany <= 0 && !this.#isOld(entry))) break;
      keys.push(key);
      tooMany--;
    }
    return keys;
  }

  #isOld({ at }: Entry): boolean {
    return this.#clock() - at >= this.#limits.idempotencyMs;
  }
}

/** Under which a key is kept: nobody can read the key from it, and each client has keys of its own. */
export function keptKey(client: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([client, key]))
    .digest('base64url');
}

export function fingerprintOf(target: string, bytes: Buffer): string {
  return createHash('sha256').update(target).update('\0').update(bytes).digest('base64url');
}

function record(key: string, timestamp: number, kept: KeptRequest | null): NewRecord {
  const value = kept === null ? null : Buffer.from(JSON.stringify(kept));
  return { topic: IDEMPOTENCY_TOPIC.name, partition: 0, timestamp, key: Buffer.from(key), value };
}

function parse(value: Uint8Array): KeptRequest {
  return JSON.parse(Buffer.from(value).toString()) as KeptRequest;
}
