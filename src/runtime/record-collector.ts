import { HeadraceError } from '../errors.ts';
import type { PartitionRecords } from '../log/log.ts';
import type { Headers } from '../log/record.ts';
import { RECORD_BYTES_MAX, RecordBuffer } from '../log/record-buffer.ts';
import { Forwards } from './forwards.ts';
import type { KnownTopics } from './internal-topics.ts';

/** What is known of the topics that are written to. */
export type CollectorTopics = Pick<KnownTopics, 'partitionsOf'> & Partial<Pick<KnownTopics, 'recordBytesMaxOf'>>;

/** Where the records of one topic go until the commit. */
export class TopicOutput {
  readonly topic: string;
  readonly partitions: number;
  /** By partition; many are never written to, and a buffer takes memory from its start. */
  readonly #buffers: (RecordBuffer | undefined)[];
  readonly #collector: RecordCollector;
  readonly #recordBytesMax: number;
  /** Kept where somebody looks at what each record forwards. */
  #forwards: Forwards | undefined;

  constructor(topic: string, partitions: number, recordBytesMax: number, collector: RecordCollector) {
    this.topic = topic;
    this.partitions = partitions;
    this.#collector = collector;
    this.#recordBytesMax = recordBytesMax;
    this.#buffers = Array.from({ length: partitions });
  }

  append(
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Headers,
    bytesMax = RECORD_BYTES_MAX,
  ): void {
    const buffer = this.#buffer(partition);
    this.#collector.remember(buffer);
    buffer.append(timestamp, key, value, headers, Math.min(bytesMax, this.#recordBytesMax));
    this.#forwards?.add(buffer);
  }

  /** What the record in process has appended, from now on. */
  watch(): Forwards {
    this.#forwards ??= new Forwards();
    return this.#forwards;
  }

  get count(): number {
    let count = 0;
    for (const buffer of this.#buffers) if (buffer !== undefined) count += buffer.count;
    return count;
  }

  records(): readonly PartitionRecords[] {
    return this.#buffers.flatMap((buffer, partition) =>
      buffer === undefined || buffer.count === 0 ? [] : [{ topic: this.topic, partition, buffer }],
    );
  }

  clear(): void {
    for (const buffer of this.#buffers) buffer?.clear();
  }

  #buffer(partition: number): RecordBuffer {
    const known = this.#buffers[partition];
    if (known !== undefined) return known;
    const made = new RecordBuffer();
    this.#buffers[partition] = made;
    return made;
  }
}

/** What the tasks of a worker have forwarded since the last commit, with a savepoint for the record in process. */
export class RecordCollector {
  readonly #topics: CollectorTopics;
  readonly #outputs = new Map<string, TopicOutput>();
  /** The buffers that the present record has written to, and how many records were in each before. */
  readonly #touched: RecordBuffer[] = [];
  readonly #countsBefore: number[] = [];
  /** Entries in use of the two lists: to shorten an array costs more than everything else here. */
  #touchedCount = 0;
  readonly #watched: Forwards[] = [];

  constructor(topics: CollectorTopics) {
    this.#topics = topics;
  }

  /** Throws TOPIC_UNKNOWN for a topic that is not there. */
  output(topic: string): TopicOutput {
    const known = this.#outputs.get(topic);
    if (known !== undefined) return known;
    const partitions = this.#topics.partitionsOf(topic);
    if (partitions === undefined) {
      throw new HeadraceError(
        'TOPIC_UNKNOWN',
        `The topology writes to topic ${topic}, which does not exist; create it first`,
        { where: { topic } },
      );
    }
    const recordBytesMax = this.#topics.recordBytesMaxOf?.(topic) ?? Number.POSITIVE_INFINITY;
    const output = new TopicOutput(topic, partitions, recordBytesMax, this);
    this.#outputs.set(topic, output);
    return output;
  }

  /** What the record in process has forwarded to a topic, in order. Throws as {@link output} does. */
  watch(topic: string): Forwards {
    const forwards = this.output(topic).watch();
    if (!this.#watched.includes(forwards)) this.#watched.push(forwards);
    return forwards;
  }

  /** Records collected since the last commit. */
  get count(): number {
    let count = 0;
    for (const output of this.#outputs.values()) count += output.count;
    return count;
  }

  /** The savepoint: what is appended from here on can be taken back by {@link rollbackRecord}. */
  beginRecord(): void {
    this.#touchedCount = 0;
    for (let i = 0; i < this.#watched.length; i++) this.#watched[i]!.clear();
  }

  /** A record touches few buffers, so the list is searched rather than hashed. */
  remember(buffer: RecordBuffer): void {
    for (let i = 0; i < this.#touchedCount; i++) if (this.#touched[i] === buffer) return;
    this.#touched[this.#touchedCount] = buffer;
    this.#countsBefore[this.#touchedCount++] = buffer.count;
  }

  rollbackRecord(): void {
    for (let i = 0; i < this.#touchedCount; i++) this.#touched[i]!.truncate(this.#countsBefore[i]!);
    this.beginRecord();
  }

  /** All that was forwarded, for the commit. Valid until {@link clear}. */
  records(): readonly PartitionRecords[] {
    return [...this.#outputs.values()].flatMap((output) => output.records());
  }

  clear(): void {
    this.beginRecord();
    for (const output of this.#outputs.values()) output.clear();
  }
}
