import { deadLetterTopic } from '../../runtime/dead-letter.ts';
import { type HeadraceNode, recordsOf, type StoredRecord } from '../node.ts';
import type { KnownTopics } from './topic-serdes.ts';

/** A record as the topology's serdes read it. */
export interface ShownRecord {
  readonly key: unknown;
  readonly value: unknown;
  /** RFC 3339. */
  readonly timestamp: string;
  readonly partition: number;
  readonly offset: number;
}

export interface TopicResult {
  readonly topic: string;
  /** Records that were written since. */
  readonly count: number;
  /** The first of them. */
  readonly records: readonly ShownRecord[];
}

export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly message: string;
}

export interface DeadLetterResult {
  readonly topic: string;
  readonly count: number;
  readonly first: readonly DeadLetter[];
}

/** Dead letters that are told one by one, of each topic. */
const TOLD_LETTERS_MAX = 3;

/** What a topology wrote since this was made: its output topics, and the dead letters of its sources. */
export class Results {
  readonly #node: HeadraceNode;
  readonly #outputs: readonly string[];
  readonly #letters: readonly string[];
  readonly #starts: ReadonlyMap<string, readonly number[]>;

  private constructor(node: HeadraceNode, known: KnownTopics, starts: ReadonlyMap<string, readonly number[]>) {
    this.#node = node;
    this.#starts = starts;
    this.#outputs = known.outputs;
    this.#letters = [...new Set(known.sources.map(deadLetterTopic))];
  }

  static async fromNow(node: HeadraceNode, known: KnownTopics): Promise<Results> {
    const starts = new Map<string, readonly number[]>();
    for (const topic of [...known.outputs, ...known.sources.map(deadLetterTopic)]) {
      const watermarks = await node.watermarks(topic);
      starts.set(
        topic,
        watermarks.map(({ end }) => end),
      );
    }
    return new Results(node, known, starts);
  }

  /** Of each output topic, with so many records at most. */
  async outputs(printed: number): Promise<readonly TopicResult[]> {
    const results: TopicResult[] = [];
    for (const topic of this.#outputs) {
      const records: ShownRecord[] = [];
      if (printed > 0) {
        for await (const [partition, record] of this.#since(topic)) {
          records.push(this.#shown(topic, partition, record));
          if (records.length === printed) break;
        }
      }
      results.push({ topic, count: await this.#count(topic), records });
    }
    return results;
  }

  /** Of each topic that has any. */
  async deadLetters(): Promise<readonly DeadLetterResult[]> {
    const results: DeadLetterResult[] = [];
    for (const topic of this.#letters) {
      const count = await this.#count(topic);
      if (count === 0) continue;
      const first: DeadLetter[] = [];
      for await (const [, record] of this.#since(topic)) {
        first.push(letterOf(record));
        if (first.length === TOLD_LETTERS_MAX) break;
      }
      results.push({ topic, count, first });
    }
    return results;
  }

  #count(topic: string): Promise<number> {
    return this.#node.recordCount(topic, this.#starts.get(topic)!);
  }

  async *#since(topic: string): AsyncGenerator<readonly [number, StoredRecord]> {
    const starts = this.#starts.get(topic)!;
    for (const { partition, end } of await this.#node.watermarks(topic)) {
      for await (const record of recordsOf(this.#node, topic, partition, starts[partition] ?? 0, end)) {
        yield [partition, record];
      }
    }
  }

  #shown(topic: string, partition: number, { key, value, headers, offset, timestamp }: StoredRecord): ShownRecord {
    const plain = (part: 'key' | 'value', bytes: Uint8Array | null) =>
      bytes === null ? null : this.#node.formats.plain?.(topic, part, bytes, headers);
    const at = new Date(timestamp).toISOString();
    return { key: plain('key', key), value: plain('value', value), timestamp: at, partition, offset };
  }
}

function letterOf({ headers }: StoredRecord): DeadLetter {
  const said = (name: string) => {
    const value = headers.findLast(([each]) => each === `__streams.errors.${name}`)?.[1];
    return value == null ? '' : Buffer.from(value).toString();
  };
  const [partition, offset] = [Number(said('partition')), Number(said('offset'))];
  return { topic: said('topic'), partition, offset, message: said('message') };
}
