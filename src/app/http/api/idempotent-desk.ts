import type { Clock } from '../../../clock.ts';
import { HeadraceError } from '../../../errors.ts';
import type { NewRecord, RecordPosition } from '../../../log/record.ts';
import { containsCardNumber } from '../../../privacy/card-numbers.ts';
import type { ApiBackend } from './api-backend.ts';
import type { ApiLimits } from './api-limits.ts';
import { fingerprintOf, type IdempotencyKeys, type KeptRequest, keptKey } from './idempotency-keys.ts';
import type { Draft, Intake, IntakeDesk, ItemOutcome } from './intake.ts';
import { refuse } from './problem.ts';
import type { ApiAnswer } from './route.ts';
import { TailScan } from './tail-scan.ts';

/** Marks the records of a request that came with a key, so that they are found again. */
const KEY_HEADER = 'http.idempotency-key';
/** More than any UUID with a prefix. */
export const IDEMPOTENCY_KEY = /^[!-~]{1,200}$/;
const RETRY_AFTER_SECONDS = 1;

type Request = Parameters<IntakeDesk['take']>[0];

/**
 * Appends for requests. With an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) a request is done once: what
 * is kept of it stands in the same commit as its records, so that no crash comes between. The same again gets the same
 * answer, another request under the same key is refused with 422, and one that is still under way with 409.
 */
export class IdempotentDesk implements IntakeDesk {
  readonly #backend: ApiBackend;
  readonly #keys: IdempotencyKeys;
  readonly #limits: ApiLimits;
  readonly #clock: Clock;
  readonly #underWay = new Set<string>();

  constructor(backend: ApiBackend, keys: IdempotencyKeys, limits: ApiLimits, clock: Clock) {
    this.#backend = backend;
    this.#keys = keys;
    this.#limits = limits;
    this.#clock = clock;
  }

  async take(request: Request, intake: Intake): Promise<ApiAnswer> {
    if (request.idempotencyKey === undefined) {
      const records = recordsOf(intake.drafts);
      const positions = records.length === 0 ? [] : await this.#append(records);
      return intake.answer(outcomesOf(intake.drafts, positions));
    }
    // The draft has it as a structured string, in quotes; most clients leave them out.
    const given = request.idempotencyKey.replace(/^"(.*)"$/, '$1');
    checkKey(given);
    const key = keptKey(request.client, given);
    if (this.#underWay.has(key)) {
      throw refuse(
        409,
        'IDEMPOTENCY_KEY_IN_USE',
        'A request with this Idempotency-Key is under way',
        RETRY_AFTER_SECONDS,
      );
    }
    this.#underWay.add(key);
    try {
      return await this.#once(key, request, intake);
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #once(key: string, request: Request, intake: Intake): Promise<ApiAnswer> {
    const fingerprint = fingerprintOf(request.target, request.bytes);
    const known = this.#keys.fingerprintOf(key);
    if (known !== undefined) {
      if (known !== fingerprint) {
        throw refuse(422, 'IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request');
      }
      const answer = await intake.answer(await this.#outcomesAgain(key, await this.#keys.kept(key)));
      return { ...answer, headers: { ...answer.headers, 'idempotency-replayed': 'true' } };
    }
    const kept = await this.#keep(intake.drafts, fingerprint);
    const marked = recordsOf(intake.drafts).map(
      (record) => ({ ...record, headers: [[KEY_HEADER, bytes(key)]] }) as const,
    );
    const positions = await this.#append([...marked, ...this.#keys.recordsFor(key, kept)]);
    this.#keys.noteAppended(key, kept, positions.at(-1)!.offset);
    return intake.answer(outcomesOf(intake.drafts, positions));
  }

  #append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    return this.#backend.append(records, this.#limits.holdWaitMaxMs);
  }

  /** What will be needed to find the records again; where they will stand is not known before they do. */
  async #keep(drafts: readonly Draft[], fingerprint: string): Promise<KeptRequest> {
    const topics: string[] = [];
    const starts = new Map<string, readonly [number, number, number]>();
    const items: KeptRequest['items'][number][] = [];
    for (const draft of drafts) {
      if ('problem' in draft) {
        items.push(draft.problem);
        continue;
      }
      const { topic, partition } = draft.record;
      if (!topics.includes(topic)) topics.push(topic);
      const place = [topics.indexOf(topic), partition] as const;
      items.push(place);
      if (starts.has(place.join())) continue;
      starts.set(place.join(), [...place, (await this.#backend.watermarks(topic))[partition]!.end]);
    }
    return { fingerprint, at: this.#clock(), items, topics, starts: [...starts.values()] };
  }

  /** The outcomes of a request that is done, from the log: its records bear its key, in the order of its items. */
  async #outcomesAgain(key: string, kept: KeptRequest): Promise<readonly ItemOutcome[]> {
    const found = new Map<string, RecordPosition[]>();
    for (const [topicIndex, partition, offset] of kept.starts) {
      const topic = kept.topics[topicIndex]!;
      const wanted = kept.items.filter((item) => 'length' in item && item[0] === topicIndex && item[1] === partition);
      const positions = await this.#positionsOf(key, { topic, partition, offset }, wanted.length);
      found.set(`${topicIndex},${partition}`, positions);
    }
    return kept.items.map((item): ItemOutcome => {
      if (!('length' in item)) return { problem: item };
      return { position: found.get(item.join())!.shift()! };
    });
  }

  async #positionsOf(key: string, start: RecordPosition, count: number): Promise<RecordPosition[]> {
    const wanted = bytes(key);
    const offsets: number[] = [];
    const scan = new TailScan(this.#backend, start, this.#limits.scannedRecordsMax, (batch, index) =>
      batch.headersAt(index).some(([name, value]) => name === KEY_HEADER && value !== null && wanted.equals(value)),
    );
    await scan.read((batch, index) => offsets.push(batch.offsetAt(index)) === count);
    if (offsets.length < count) {
      throw new HeadraceError('LOG_CORRUPT', `The records of a request are not in ${start.topic} any more`);
    }
    return offsets.map((offset) => ({ ...start, offset }));
  }
}

function recordsOf(drafts: readonly Draft[]): readonly NewRecord[] {
  return drafts.flatMap((draft) => ('record' in draft ? [draft.record] : []));
}

function outcomesOf(drafts: readonly Draft[], positions: readonly RecordPosition[]): readonly ItemOutcome[] {
  let next = 0;
  return drafts.map((draft) => ('record' in draft ? { position: positions[next++]! } : { problem: draft.problem }));
}

function checkKey(key: string): void {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw refuse(400, 'IDEMPOTENCY_KEY_INVALID', 'An Idempotency-Key has 1 to 200 visible characters of ASCII');
  }
  if (containsCardNumber(key)) {
    throw refuse(400, 'CARD_NUMBER', 'The Idempotency-Key holds what looks like a card number');
  }
}

function bytes(key: string): Buffer {
  return Buffer.from(key);
}
