import { HeadraceError } from '../../../errors.ts';
import type { NewRecord, RecordPosition } from '../../record.ts';
import { type Cluster, topicUnknown } from '../cluster/cluster.ts';
import { Again, isUnavailable, pause, retried } from '../cluster/retries.ts';
import type { Topics } from '../cluster/topics.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import { partitionUnknown } from '../fetch/log-reader.ts';
import { errorName, isTransient } from '../protocol/errors.ts';
import { initProducerId } from '../protocol/requests/init-producer-id.ts';
import { notCommitted } from './outcomes.ts';
import type { PartEncoder } from './part-encoder.ts';
import {
  endOffset,
  type OutgoingPartition,
  PartitionProduce,
  type PartOutcome,
  type Sender,
} from './partition-produce.ts';
import { type AppendCall, PendingAppends } from './pending-appends.ts';
import { TransactionalProducer } from './transactional-producer.ts';

export interface AppenderOptions {
  readonly cluster: Cluster;
  /** For calls that touch several partitions; one of its own for each running process. */
  readonly transactionalId: string;
  readonly topics: Topics;
  readonly encoder: PartEncoder;
  /** How long calls wait for others at most (5). */
  readonly lingerMs?: number;
  /** What may wait before calls are refused (64 MiB, 1,000,000 records). */
  readonly queuedBytesMax?: number;
  readonly queuedRecordsMax?: number;
  /** How long a write is repeated (30,000). */
  readonly deliveryTimeoutMs?: number;
  /** Told where records stand now that not every reader may see at once. */
  readonly onWritten: (topic: string, partition: number, endOffset: number) => void;
}

export const APPEND_LINGER_MS = 5;
export const QUEUED_BYTES_MAX = 64 * 1024 * 1024;
export const QUEUED_RECORDS_MAX = 1_000_000;
export const DELIVERY_TIMEOUT_MS = 30_000;
/** Before a transaction is sent again. */
const AGAIN_PAUSE_MS = 50;
/** Errors after which a transaction can be sent again. */
const NOT_WRITTEN: ReadonlySet<string> = new Set(['KAFKA_UNAVAILABLE', 'COMMIT_REFUSED']);
/** What a batch of one record adds to key and value, its headers left aside. */
const RECORD_OVERHEAD_BYTES = 100;
/** An append in a transaction that a kill leaves open stops readers for so long at most. */
const APPEND_TRANSACTION_TIMEOUT_MS = 10_000;

/**
 * Appends of producers, in the order of their calls. Groups go out one after the other: where each call has its records in one batch by
 * an idempotent producer, else in one transaction, for a call is whole or not at all.
 */
export class Appender {
  readonly #options: AppenderOptions;
  readonly #transactional: TransactionalProducer;
  readonly #produce: PartitionProduce;
  #idempotent: Sender | undefined;
  #open = new PendingAppends();
  #inFlight: PendingAppends | undefined;
  #lookups: Promise<unknown> | undefined;
  #cancelLinger: (() => void) | undefined;
  #closed: HeadraceError | undefined;

  constructor(options: AppenderOptions) {
    this.#options = options;
    const { cluster, transactionalId } = options;
    this.#transactional = new TransactionalProducer({
      cluster,
      transactionalId,
      transactionTimeoutMs: APPEND_TRANSACTION_TIMEOUT_MS,
    });
    this.#produce = new PartitionProduce(cluster);
  }

  /** See Log.append. Rejects with COMMIT_UNKNOWN where no answer came in time: the records may be there. */
  async append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    if (this.#closed !== undefined) throw this.#closed;
    if (records.length === 0) return [];
    const { cluster, topics: known } = this.#options;
    const unknown = records.filter(
      ({ topic }) => cluster.known(topic) === undefined || known.knownMessageBytesMax(topic) === undefined,
    );
    if (unknown.length === 0 && this.#lookups === undefined) return this.#enqueue(records);
    // Calls keep their order also where one has to ask for its topic first. The caller may use its bytes again.
    const copies = records.map(copied);
    const before = this.#lookups ?? Promise.resolve();
    const topics = [...new Set(unknown.map(({ topic }) => topic))];
    const found = before.then(() => Promise.all(topics.map((topic) => this.#lookUp(topic))));
    const looking = found
      .catch(() => undefined)
      .then(() => {
        if (this.#lookups === looking) this.#lookups = undefined;
      });
    this.#lookups = looking;
    await found;
    return this.#enqueue(copies);
  }

  /** What waits is refused with this error; what is under way ends by itself. */
  close(error: HeadraceError): void {
    this.#closed = error;
    this.#cancelLinger?.();
    for (const waiting of [this.#open, this.#inFlight]) for (const call of waiting?.calls ?? []) call.reject(error);
    this.#open = new PendingAppends();
  }

  #enqueue(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    if (this.#closed !== undefined) throw this.#closed;
    for (const record of records) this.#requireFits(record);
    this.#requireRoom();
    const appended = this.#open.add(records);
    this.#schedule();
    return appended;
  }

  async #lookUp(topic: string): Promise<void> {
    await this.#options.cluster.topic(topic);
    await this.#options.topics.messageBytesMax(topic);
  }

  /** Throws TOPIC_UNKNOWN, PARTITION_UNKNOWN, RECORD_TOO_LARGE. */
  #requireFits({ topic, partition, key, value }: NewRecord): void {
    const { cluster, topics } = this.#options;
    const known = cluster.known(topic);
    if (known === undefined) throw topicUnknown(topic);
    if (!Number.isInteger(partition) || !(partition in known.leaders)) {
      throw partitionUnknown(topic, partition, known.leaders.length);
    }
    const bytes = (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
    const bytesMax = topics.knownMessageBytesMax(topic) ?? bytes;
    if (bytes <= bytesMax) return;
    throw new HeadraceError(
      'RECORD_TOO_LARGE',
      `A record of ${bytes} bytes is over the limit of topic ${topic}, ${bytesMax} bytes: raise its max.message.bytes, or keep the large part elsewhere`,
      { where: { topic, partition } },
    );
  }

  #requireRoom(): void {
    const { queuedBytesMax = QUEUED_BYTES_MAX, queuedRecordsMax = QUEUED_RECORDS_MAX } = this.#options;
    const waiting = [this.#open, ...(this.#inFlight === undefined ? [] : [this.#inFlight])];
    const records = waiting.reduce((sum, { recordCount }) => sum + recordCount, 0);
    const bytes = waiting.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (records < queuedRecordsMax && bytes < queuedBytesMax) return;
    throw new HeadraceError('LOG_BACKPRESSURE', `${records} records (${bytes} bytes) wait to be written to Kafka`, {
      retriable: true,
    });
  }

  #schedule(): void {
    if (this.#inFlight !== undefined || this.#cancelLinger !== undefined || this.#open.calls.length === 0) return;
    const { cluster, lingerMs = APPEND_LINGER_MS } = this.#options;
    this.#cancelLinger = cluster.timing.startTimer(lingerMs, () => {
      this.#cancelLinger = undefined;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const group = this.#open;
    this.#open = new PendingAppends();
    this.#inFlight = group;
    try {
      const parts = await Promise.all(group.parts.map((each) => this.#options.encoder.encode(each)));
      const isPlain = parts.every(({ batches }) => batches.length === 1) && group.calls.every(isOfOnePartition);
      const outcomes = isPlain ? await this.#sendPlain(parts) : await this.#sendInTransaction(parts);
      this.#answer(group, parts, outcomes);
    } catch (error) {
      for (const call of group.calls) call.reject(error);
    } finally {
      this.#inFlight = undefined;
      this.#schedule();
    }
  }

  async #sendPlain(parts: readonly OutgoingPartition[]): Promise<readonly PartOutcome[]> {
    const { cluster, deliveryTimeoutMs = DELIVERY_TIMEOUT_MS } = this.#options;
    const until = cluster.timing.clock() + deliveryTimeoutMs;
    this.#idempotent ??= await this.#newIdempotent(until);
    const outcomes = await this.#produce.send(this.#idempotent, parts, until);
    if (outcomes.some((outcome) => 'error' in outcome)) this.#idempotent = undefined;
    return outcomes;
  }

  async #sendInTransaction(parts: readonly OutgoingPartition[]): Promise<readonly PartOutcome[]> {
    const { cluster, deliveryTimeoutMs = DELIVERY_TIMEOUT_MS } = this.#options;
    const until = cluster.timing.clock() + deliveryTimeoutMs;
    for (;;) {
      try {
        const baseOffsets = await this.#transactional.transact({ parts });
        return baseOffsets.map((each) => ({ baseOffsets: each }));
      } catch (error) {
        // Nothing of it was written, as while a broker is away: one transaction's time is short, for readers wait for it.
        const isAgain = error instanceof HeadraceError && NOT_WRITTEN.has(error.code) && cluster.timing.clock() < until;
        if (!isAgain) throw error;
        cluster.requireOpen();
        await pause(cluster.timing, AGAIN_PAUSE_MS);
      }
    }
  }

  async #newIdempotent(until: number): Promise<Sender> {
    const { cluster } = this.#options;
    const what = 'to give a producer an id';
    const message = initProducerId({
      transactionalId: null,
      transactionTimeoutMs: 0,
      producerId: -1n,
      producerEpoch: -1,
    });
    const answer = await retried(
      async () => {
        const answer = await cluster.sendToAny(message);
        if (answer.errorCode === 0) return answer;
        if (isTransient(answer.errorCode)) return new Again(errorName(answer.errorCode));
        throw notCommitted(what, answer.errorCode);
      },
      { ...cluster.timing, until, what, requireOpen: () => cluster.requireOpen() },
    );
    this.#produce.reset();
    return { transactionalId: null, producerId: answer.producerId, epoch: answer.producerEpoch };
  }

  #answer(group: PendingAppends, parts: readonly OutgoingPartition[], outcomes: readonly PartOutcome[]): void {
    const outcomeOf = new Map<string, { part: OutgoingPartition; outcome: PartOutcome }>();
    parts.forEach((part, i) => {
      const outcome = outcomes[i]!;
      outcomeOf.set(partitionKey(part.topic, part.partition), { part, outcome });
      if ('error' in outcome) return;
      const end = endOffset(part, outcome.baseOffsets);
      if (end !== undefined) this.#options.onWritten(part.topic, part.partition, end);
    });
    for (const call of group.calls) {
      try {
        call.resolve(positionsOf(call, outcomeOf));
      } catch (error) {
        call.reject(error);
      }
    }
  }
}

function isOfOnePartition({ partitions }: AppendCall): boolean {
  return partitions.size === 1;
}

function copied(record: NewRecord): NewRecord {
  const copy = (bytes: Uint8Array | null) => (bytes === null ? null : Uint8Array.prototype.slice.call(bytes));
  const headers = record.headers?.map(([name, value]) => [name, copy(value)] as const);
  return { ...record, key: copy(record.key), value: copy(record.value), ...(headers === undefined ? {} : { headers }) };
}

/** Where each record of a call stands; throws what kept one from being written. */
function positionsOf(
  { places }: AppendCall,
  outcomeOf: ReadonlyMap<string, { part: OutgoingPartition; outcome: PartOutcome }>,
): readonly RecordPosition[] {
  return places.map(({ partition: key, index }) => {
    const { part, outcome } = outcomeOf.get(key)!;
    const { topic, partition } = part;
    if ('error' in outcome) throw isUnavailable(outcome.error) ? unknownOutcome(outcome.error) : outcome.error;
    let first = 0;
    for (let i = 0; i < part.batches.length; i++) {
      const { count } = part.batches[i]!;
      const base = outcome.baseOffsets[i];
      if (index < first + count) {
        if (base === undefined) throw unknownOutcome();
        return { topic, partition, offset: base + index - first };
      }
      first += count;
    }
    throw unknownOutcome();
  });
}

function unknownOutcome(cause?: unknown): HeadraceError {
  return new HeadraceError(
    'COMMIT_UNKNOWN',
    'Kafka did not answer in time whether the records were written, or where. Send them again: what takes them in must recognise what it has',
    cause === undefined ? {} : { cause },
  );
}
