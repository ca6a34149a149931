import { TOPICS } from '../../topologies/account-ledger/topics.ts';
import { deadLetterTopic } from '../runtime/dead-letter.ts';
import type { AppendedRanges } from './appended-ranges.ts';
import { type HeadraceNode, recordsOf, type StoredRecord, valueIn } from './node.ts';

/** What became of records that were taken in. */
export interface Outcomes {
  readonly accepted: number;
  /** Code to count, `DUPLICATE` and `CONFLICT` among them. */
  readonly rejected: Readonly<Record<string, number>>;
  readonly deadLetters: number;
}

const DEAD_LETTERS = deadLetterTopic(TOPICS.transactions);
const OUTCOME_TOPICS = [TOPICS.accepted, TOPICS.rejected, DEAD_LETTERS] as const;
type OutcomeTopic = (typeof OUTCOME_TOPICS)[number];
/** Where a dead letter's headers say that its record came from. */
const SOURCE_HEADERS = ['__streams.errors.partition', '__streams.errors.offset'] as const;

/**
 * Counts outcomes of `transactions` from the moment on at which it was made. The ledger also accepts transactions that
 * other systems asked for; those are no outcomes of what was taken in.
 */
export class OutcomeCounter {
  readonly #node: HeadraceNode;
  /** Ends of the outcome topics when it was made. */
  readonly #starts: ReadonlyMap<OutcomeTopic, readonly number[]>;
  /** How far refusals and accepted ones were read: each is read once, however often they are asked for. */
  readonly #rejectedRead: number[];
  readonly #acceptedRead: number[];
  readonly #codes = new Map<string, number>();
  #accepted = 0;

  private constructor(node: HeadraceNode, starts: ReadonlyMap<OutcomeTopic, readonly number[]>) {
    this.#node = node;
    this.#starts = starts;
    this.#rejectedRead = [...starts.get(TOPICS.rejected)!];
    this.#acceptedRead = [...starts.get(TOPICS.accepted)!];
  }

  static async fromNow(node: HeadraceNode): Promise<OutcomeCounter> {
    const starts = new Map<OutcomeTopic, readonly number[]>();
    for (const topic of OUTCOME_TOPICS) {
      const watermarks = await node.watermarks(topic);
      starts.set(
        topic,
        watermarks.map(({ end }) => end),
      );
    }
    return new OutcomeCounter(node, starts);
  }

  /** All outcomes until now, whoever took the records in. */
  async all(): Promise<Outcomes> {
    for await (const record of this.#unread(TOPICS.rejected, this.#rejectedRead)) {
      countCode(this.#codes, await this.#rejectionOf(record));
    }
    return {
      accepted: await this.#acceptedUntilNow(),
      rejected: sorted(this.#codes),
      deadLetters: await this.#total(DEAD_LETTERS),
    };
  }

  async #acceptedUntilNow(): Promise<number> {
    // Where nobody ever asked for a transaction, every accepted one was taken in, and none has to be read.
    const commands = await this.#node.watermarks(TOPICS.commands);
    if (commands.every(({ end }) => end === 0)) return this.#total(TOPICS.accepted);
    for await (const record of this.#unread(TOPICS.accepted, this.#acceptedRead)) {
      if ((await this.#sourceOf(record)).topic === TOPICS.transactions) this.#accepted++;
    }
    return this.#accepted;
  }

  /** The outcomes of the records of one intake; they are to be processed already. */
  async of(appended: AppendedRanges): Promise<Outcomes> {
    let total = 0;
    for (const topic of OUTCOME_TOPICS) total += await this.#total(topic);
    // Every record has exactly one outcome, so as many outcomes as records are the outcomes of these records.
    if (total === appended.count) return this.all();
    const codes = new Map<string, number>();
    let [accepted, deadLetters] = [0, 0];
    for await (const record of this.#since(TOPICS.accepted)) {
      if (isOf(appended, await this.#sourceOf(record))) accepted++;
    }
    for await (const record of this.#since(TOPICS.rejected)) {
      const rejection = await this.#rejectionOf(record);
      if (isOf(appended, rejection.source)) countCode(codes, rejection);
    }
    for await (const record of this.#since(DEAD_LETTERS)) if (appended.has(letterSourceOf(record))) deadLetters++;
    return { accepted, rejected: sorted(codes), deadLetters };
  }

  async #sourceOf(record: StoredRecord): Promise<Place> {
    return (await valueIn<{ readonly source: Place }>(this.#node, TOPICS.accepted, record)).source;
  }

  #rejectionOf(record: StoredRecord): Promise<Rejection> {
    return valueIn<Rejection>(this.#node, TOPICS.rejected, record);
  }

  #total(topic: OutcomeTopic): Promise<number> {
    return this.#node.recordCount(topic, this.#starts.get(topic)!);
  }

  async *#unread(topic: OutcomeTopic, read: number[]): AsyncGenerator<StoredRecord> {
    for (const { partition, end } of await this.#node.watermarks(topic)) {
      yield* recordsOf(this.#node, topic, partition, read[partition]!, end);
      read[partition] = end;
    }
  }

  async *#since(topic: OutcomeTopic): AsyncGenerator<StoredRecord> {
    for (const { partition, end } of await this.#node.watermarks(topic)) {
      yield* recordsOf(this.#node, topic, partition, this.#starts.get(topic)![partition]!, end);
    }
  }
}

interface Place {
  readonly topic?: string;
  readonly partition: number;
  readonly offset: number;
}

interface Rejection {
  readonly code: string;
  readonly source: Place;
}

function isOf(appended: AppendedRanges, source: Place): boolean {
  return source.topic === TOPICS.transactions && appended.has(source);
}

function letterSourceOf({ headers }: StoredRecord): Place {
  const [partition, offset] = SOURCE_HEADERS.map((wanted) => {
    const value = headers.findLast(([name]) => name === wanted)?.[1];
    return value == null ? -1 : Number(Buffer.from(value).toString());
  });
  return { partition: partition!, offset: offset! };
}

function countCode(codes: Map<string, number>, { code }: Rejection): void {
  codes.set(code, (codes.get(code) ?? 0) + 1);
}

function sorted(codes: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...codes].sort());
}
