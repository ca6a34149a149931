import { HeadraceError } from '../../../errors.ts';
import type { Watermarks } from '../../log.ts';
import type { TopicPartition } from '../../record.ts';
import type { RecordBatch } from '../../record-batch.ts';
import { type Cluster, refused } from '../cluster/cluster.ts';
import { Again, retried } from '../cluster/retries.ts';
import type { Visibility } from '../cluster/visibility.ts';
import { errorCodes, errorName, isOfLeadership } from '../protocol/errors.ts';
import { type Decompress, RecordSetReader } from '../protocol/record-set-reader.ts';
import { fetch, type Isolation } from '../protocol/requests/fetch.ts';
import { EARLIEST, LATEST, listOffsets } from '../protocol/requests/list-offsets.ts';
import { partitionKey } from './fetch-position.ts';

export interface LogReaderOptions {
  readonly cluster: Cluster;
  readonly visibility: Visibility;
  readonly decompress: Decompress;
  /** What one fetch of {@link LogReader.read} brings at most (1 MiB). */
  readonly readBytesMax?: number | undefined;
}

/** How long a question about a partition is repeated while its leader is away. */
const READ_TIMEOUT_MS = 30_000;
const READ_BYTES_MAX = 1024 * 1024;
const READ_AHEAD_BYTES = 8 * 1024 * 1024;
/** Partitions read in turn whose last answer is kept, so that a walk over a topic fetches each megabyte once. */
const KEPT_READERS_MAX = 32;

/** Reads outside of any group: what a partition holds, and its committed records. */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #readers = new Map<string, RecordSetReader>();

  constructor(options: LogReaderOptions) {
    this.#options = options;
  }

  /** First offset and end of each partition; the end is the high watermark: what is decided and not readable yet counts. */
  async watermarks(partitions: readonly TopicPartition[]): Promise<readonly Watermarks[]> {
    const [starts, ends] = await Promise.all([
      this.#offsets(partitions, EARLIEST, 'read_uncommitted'),
      this.#offsets(partitions, LATEST, 'read_uncommitted'),
    ]);
    return partitions.map(({ topic, partition }, i) => ({ topic, partition, start: starts[i]!, end: ends[i]! }));
  }

  /** Up to where committed records are readable in each partition. */
  lastStableOffsets(partitions: readonly TopicPartition[]): Promise<readonly number[]> {
    return this.#offsets(partitions, LATEST, 'read_committed');
  }

  /** See Log.read. Over aborted records and markers it goes on to the next record. */
  async read(topic: string, partition: number, fromOffset: number): Promise<RecordBatch | null> {
    if (!Number.isSafeInteger(fromOffset) || fromOffset < 0) throw outOfRange(topic, partition, fromOffset, 0);
    const key = partitionKey(topic, partition);
    let offset = fromOffset;
    let reader = this.#readers.get(key);
    if (reader?.nextOffset !== offset) reader = undefined;
    for (;;) {
      const batch = reader?.next(0) ?? null;
      if (batch !== null) {
        this.#keep(key, reader!);
        return batch;
      }
      offset = Math.max(offset, reader?.nextOffset ?? 0);
      this.#readers.delete(key);
      reader = await this.#fetched(topic, partition, offset);
      if (reader === undefined) return null;
    }
  }

  /** All committed records of one answer, and where to go on: the same offset where nothing more is readable now. */
  async readAhead(
    topic: string,
    partition: number,
    offset: number,
    maxBytes = READ_AHEAD_BYTES,
  ): Promise<{ readonly batches: readonly RecordBatch[]; readonly nextOffset: number }> {
    const reader = await this.#fetched(topic, partition, offset, maxBytes);
    const batches: RecordBatch[] = [];
    if (reader === undefined) return { batches, nextOffset: offset };
    for (let batch = reader.next(0); batch !== null; batch = reader.next(0)) batches.push(batch);
    return { batches, nextOffset: reader.nextOffset };
  }

  #keep(key: string, reader: RecordSetReader): void {
    this.#readers.delete(key);
    this.#readers.set(key, reader);
    const oldest = this.#readers.keys().next().value;
    if (this.#readers.size > KEPT_READERS_MAX && oldest !== undefined) this.#readers.delete(oldest);
  }

  /** Undefined at the end of what is readable. */
  #fetched(
    topic: string,
    partition: number,
    offset: number,
    maxBytes = this.#options.readBytesMax ?? READ_BYTES_MAX,
  ): Promise<RecordSetReader | undefined> {
    const { cluster, visibility, decompress } = this.#options;
    return this.#retried(`to read ${topic}-${partition}`, async () => {
      const leader = await this.#leader(topic, partition);
      const { id: topicId } = await cluster.topic(topic);
      const partitions = [{ topic, topicId, partition, fetchOffset: offset, maxBytes }];
      const message = fetch({ maxWaitMs: 0, minBytes: 1, maxBytes, isolation: 'read_committed', partitions });
      const answer = await cluster.send(leader, 'main', message);
      const part = answer.partitions[0];
      if (part === undefined) return new Again('the answer lacks the partition');
      if (part.errorCode !== 0)
        return this.#again(topic, partition, part.errorCode, { offset, start: part.logStartOffset });
      const { recordSet, abortedTransactions, lastStableOffset } = part;
      if (recordSet !== null && recordSet.length > 0) {
        return new RecordSetReader({
          topic,
          partition,
          fromOffset: offset,
          recordSet,
          abortedTransactions,
          decompress,
        });
      }
      if (!visibility.isVisible(topic, partition, lastStableOffset))
        return new Again('a transaction is not readable yet');
      return undefined;
    });
  }

  /** One offset for each partition. */
  async #offsets(
    partitions: readonly TopicPartition[],
    timestamp: number,
    isolation: Isolation,
  ): Promise<readonly number[]> {
    const { cluster } = this.#options;
    const found = new Map<string, number>();
    // A broker refuses a question that names a partition twice.
    const asked = new Map(partitions.map((each) => [partitionKey(each.topic, each.partition), each]));
    await this.#retried('to tell the ends of partitions', async () => {
      const byLeader = new Map<number, TopicPartition[]>();
      for (const [key, each] of asked) {
        if (found.has(key)) continue;
        const leader = await this.#leader(each.topic, each.partition);
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), each]);
      }
      const answers = await Promise.all(
        [...byLeader].map(([leader, led]) =>
          cluster.send(
            leader,
            'main',
            listOffsets({
              isolation,
              partitions: led.map(({ topic, partition }) => ({ topic, partition, timestamp })),
            }),
          ),
        ),
      );
      let again: Again | undefined;
      for (const { topic, partition, errorCode, offset } of answers.flatMap((answer) => answer.partitions)) {
        if (errorCode === 0) found.set(partitionKey(topic, partition), offset);
        else again = await this.#again(topic, partition, errorCode);
      }
      return again;
    });
    return partitions.map(({ topic, partition }) => found.get(partitionKey(topic, partition))!);
  }

  async #leader(topic: string, partition: number): Promise<number> {
    const { cluster } = this.#options;
    const { leaders } = await cluster.topic(topic);
    if (!(partition in leaders) || !Number.isInteger(partition))
      throw partitionUnknown(topic, partition, leaders.length);
    if (leaders[partition]! < 0) await cluster.refresh([topic]);
    return cluster.leader(topic, partition);
  }

  async #again(
    topic: string,
    partition: number,
    errorCode: number,
    { offset = 0, start = -1 }: { readonly offset?: number; readonly start?: number } = {},
  ): Promise<Again> {
    const { cluster } = this.#options;
    if (errorCode === errorCodes.OFFSET_OUT_OF_RANGE) {
      throw outOfRange(topic, partition, offset, start);
    }
    if (errorCode === errorCodes.CORRUPT_MESSAGE) {
      throw new HeadraceError('LOG_CORRUPT', `The broker finds ${topic}-${partition} damaged`, {
        where: { topic, partition },
      });
    }
    if (!isOfLeadership(errorCode)) throw refused(`to read topic ${topic}`, errorCode);
    await cluster.refresh([topic]);
    if (cluster.known(topic) === undefined) await cluster.topic(topic);
    return new Again(errorName(errorCode));
  }

  #retried<Result>(what: string, attempt: () => Promise<Result | Again>): Promise<Result> {
    const { cluster } = this.#options;
    const until = cluster.timing.clock() + READ_TIMEOUT_MS;
    return retried(attempt, { ...cluster.timing, until, what, requireOpen: () => cluster.requireOpen() });
  }
}

export function partitionUnknown(topic: string, partition: number, partitions: number): HeadraceError {
  return new HeadraceError(
    'PARTITION_UNKNOWN',
    `Topic ${topic} has partitions 0 to ${partitions - 1}, not ${partition}`,
    {
      where: { topic, partition },
    },
  );
}

function outOfRange(topic: string, partition: number, offset: number, start: number): HeadraceError {
  return new HeadraceError(
    'OFFSET_OUT_OF_RANGE',
    `Offset ${offset} of ${topic}-${partition} is not within what is held${start >= 0 ? `, which begins at ${start}` : ''}`,
    { where: { topic, partition, offset } },
  );
}
