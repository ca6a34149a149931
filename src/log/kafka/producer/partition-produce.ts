import type { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { Again, isUnavailable, retried } from '../cluster/retries.ts';
import { partitionKey } from '../fetch/fetch-position.ts';
import type { EncodedRecordBatch } from '../protocol/encode-record-batches.ts';
import { errorCodes, errorName } from '../protocol/errors.ts';
import { type ProducedPartition, produce } from '../protocol/requests/produce.ts';
import { notCommitted } from './outcomes.ts';

/** What goes to one partition, in order. */
export interface OutgoingPartition extends TopicPartition {
  readonly batches: readonly EncodedRecordBatch[];
}

/** Who sends: without a transactional id it is idempotent only. */
export interface Sender {
  readonly transactionalId: string | null;
  readonly producerId: bigint;
  readonly epoch: number;
}

/** A request may carry several partitions, each with one batch (as brokers demand), up to about this many bytes. */
const REQUEST_BYTES_MAX = 8 * 1024 * 1024;
/** The leader waits so long for its followers. */
const ACKNOWLEDGE_TIMEOUT_MS = 5_000;
const SEQUENCES = 2 ** 31;

/** The offset of each batch's first record, undefined where the broker did not tell it; or why it was not written. */
export type PartOutcome = { readonly baseOffsets: BaseOffsets } | { readonly error: HeadraceError };

export type BaseOffsets = readonly (number | undefined)[];

/** Behind the last record of a part, where that is known. */
export function endOffset({ batches }: OutgoingPartition, baseOffsets: BaseOffsets): number | undefined {
  const base = baseOffsets.at(-1);
  return base === undefined ? undefined : base + batches.at(-1)!.count;
}

/** One partition on its way. */
interface Progress {
  readonly part: OutgoingPartition;
  /** How many batches are acknowledged. */
  sent: number;
  readonly baseOffsets: (number | undefined)[];
  error: HeadraceError | undefined;
}

/**
 * Sends batches to the leaders of their partitions, each partition's in order, and again until they are acknowledged: the sequence
 * numbers make a batch that had arrived already harmless (KIP-98). Keeps the numbers of one producer epoch.
 */
export class PartitionProduce {
  readonly #cluster: Cluster;
  readonly #sequences = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** A new epoch counts from zero. */
  reset(): void {
    this.#sequences.clear();
  }

  /**
   * Resolves when nothing is under way any more, with the outcome of each part. After any error the epoch is used up: what was sent
   * of its sequence is not known. An error KAFKA_UNAVAILABLE leaves open whether the part was written.
   */
  async send(sender: Sender, parts: readonly OutgoingPartition[], until: number): Promise<readonly PartOutcome[]> {
    for (const part of parts) this.#number(sender, part);
    const all = parts.map((part): Progress => ({ part, sent: 0, baseOffsets: [], error: undefined }));
    await retried(() => this.#rounds(sender, all), {
      ...this.#cluster.timing,
      until,
      what: 'to write records',
      requireOpen: () => this.#cluster.requireOpen(),
    }).catch((error: HeadraceError) => {
      for (const each of unfinished(all)) each.error = error;
    });
    return all.map(({ baseOffsets, error }) => (error === undefined ? { baseOffsets } : { error }));
  }

  #number(sender: Sender, { topic, partition, batches }: OutgoingPartition): void {
    const key = partitionKey(topic, partition);
    let sequence = this.#sequences.get(key) ?? 0;
    for (const batch of batches) {
      batch.stamp({ ...sender, baseSequence: sequence });
      // Sequences wrap to zero behind the greatest 32-bit integer.
      sequence = (sequence + batch.count) % SEQUENCES;
    }
    this.#sequences.set(key, sequence);
  }

  /** Sends batch after batch until all are acknowledged or something has to be tried again. */
  async #rounds(sender: Sender, all: readonly Progress[]): Promise<undefined | Again> {
    for (;;) {
      const left = unfinished(all);
      if (left.length === 0) return undefined;
      const leaderless = left.filter(({ part }) => this.#leaderOf(part) < 0);
      if (leaderless.length > 0) await this.#refresh(leaderless);
      const requests = requestsOf(left, (part) => this.#leaderOf(part));
      if (requests.length === 0) return new Again('no broker leads the partition now');
      const reasons = await Promise.all(requests.map(({ leader, batch }) => this.#request(sender, leader, batch)));
      const again = reasons.filter((reason) => reason !== undefined);
      if (again.length > 0) {
        await this.#refresh(unfinished(all));
        return new Again(again[0]!);
      }
    }
  }

  /** One request; resolves with the reason why some of it has to be sent again. */
  async #request(sender: Sender, leader: number, batch: readonly Progress[]): Promise<string | undefined> {
    const { transactionalId } = sender;
    const partitions = batch.map(({ part, sent }) => ({
      topic: part.topic,
      partition: part.partition,
      records: part.batches[sent]!.bytes,
    }));
    let answer: { readonly partitions: readonly ProducedPartition[] };
    try {
      const message = produce({ transactionalId, timeoutMs: ACKNOWLEDGE_TIMEOUT_MS, partitions });
      answer = await this.#cluster.send(leader, 'main', message);
    } catch (error) {
      if (isUnavailable(error)) return error.message;
      throw error;
    }
    const answers = new Map(answer.partitions.map((each) => [partitionKey(each.topic, each.partition), each]));
    let again: string | undefined;
    for (const progress of batch) {
      const { topic, partition } = progress.part;
      const found = answers.get(partitionKey(topic, partition));
      // An answer that leaves a partition out says nothing about it.
      if (found === undefined) again = 'the answer lacks a partition';
      else again = acknowledge(progress, found) ?? again;
    }
    return again;
  }

  #leaderOf({ topic, partition }: OutgoingPartition): number {
    return this.#cluster.leader(topic, partition);
  }

  async #refresh(progress: readonly Progress[]): Promise<void> {
    await this.#cluster.refresh([...new Set(progress.map(({ part }) => part.topic))]);
  }
}

function unfinished(all: readonly Progress[]): readonly Progress[] {
  return all.filter(({ part, sent, error }) => error === undefined && sent < part.batches.length);
}

/** What goes out next to each leader, cut at the size of a request. */
function requestsOf(
  left: readonly Progress[],
  leaderOf: (part: OutgoingPartition) => number,
): readonly { readonly leader: number; readonly batch: readonly Progress[] }[] {
  const open = new Map<number, { leader: number; batch: Progress[]; bytes: number }>();
  const requests: { leader: number; batch: Progress[] }[] = [];
  for (const progress of left) {
    const leader = leaderOf(progress.part);
    if (leader < 0) continue;
    const bytes = progress.part.batches[progress.sent]!.bytes.length;
    let request = open.get(leader);
    if (request === undefined || request.bytes + bytes > REQUEST_BYTES_MAX) {
      request = { leader, batch: [], bytes: 0 };
      open.set(leader, request);
      requests.push(request);
    }
    request.batch.push(progress);
    request.bytes += bytes;
  }
  return requests;
}

/** Notes what the broker says of one batch; returns the reason to send it again. */
function acknowledge(progress: Progress, { errorCode, baseOffset }: ProducedPartition): string | undefined {
  const { part } = progress;
  switch (errorCode) {
    case 0:
      progress.sent++;
      progress.baseOffsets.push(baseOffset < 0 ? undefined : baseOffset);
      return undefined;
    case errorCodes.DUPLICATE_SEQUENCE_NUMBER:
      // Written before, so long ago that the broker does not know where.
      progress.sent++;
      progress.baseOffsets.push(undefined);
      return undefined;
    case errorCodes.CORRUPT_MESSAGE:
    case errorCodes.UNKNOWN_TOPIC_OR_PARTITION:
    case errorCodes.LEADER_NOT_AVAILABLE:
    case errorCodes.NOT_LEADER_OR_FOLLOWER:
    case errorCodes.REQUEST_TIMED_OUT:
    case errorCodes.NETWORK_EXCEPTION:
    case errorCodes.NOT_ENOUGH_REPLICAS:
    case errorCodes.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case errorCodes.KAFKA_STORAGE_ERROR:
    case errorCodes.COORDINATOR_LOAD_IN_PROGRESS:
    case errorCodes.COORDINATOR_NOT_AVAILABLE:
    case errorCodes.NOT_COORDINATOR:
    case errorCodes.CONCURRENT_TRANSACTIONS:
      return errorName(errorCode);
    default:
      progress.error = notCommitted('to write records', errorCode, ` for ${part.topic}-${part.partition}`);
      return undefined;
  }
}
