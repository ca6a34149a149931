import { HeadraceError } from '../../../errors.ts';
import type { Message } from '../cluster/broker-connection.ts';
import { type Cluster, isRefusal } from '../cluster/cluster.ts';
import { Again, retried } from '../cluster/retries.ts';
import { errorCodes, errorName } from '../protocol/errors.ts';
import { addOffsetsToTxn } from '../protocol/requests/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../protocol/requests/add-partitions-to-txn.ts';
import { endTxn } from '../protocol/requests/end-txn.ts';
import { initProducerId } from '../protocol/requests/init-producer-id.ts';
import { notCommitted } from './outcomes.ts';
import { type BaseOffsets, type OutgoingPartition, PartitionProduce, type PartOutcome } from './partition-produce.ts';

/** A producer as the brokers know it. */
export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly epoch: number;
}

export interface TransactionalProducerOptions {
  readonly cluster: Cluster;
  readonly transactionalId: string;
  /** The coordinator aborts a transaction that is open for longer (30,000). */
  readonly transactionTimeoutMs?: number;
}

export type TransactionStep = 'begin' | 'produce' | 'end';

export interface KafkaTransaction {
  readonly parts: readonly OutgoingPartition[];
  /** The group whose offsets the transaction carries, and what commits them: called once the group is added. */
  readonly group?: string;
  readonly fence?: (producer: ProducerIdentity, until: number, onUnanswered: () => void) => Promise<void>;
  readonly onStep?: (step: TransactionStep | 'endSent') => void;
}

export const TRANSACTION_TIMEOUT_MS = 30_000;

/** The answers to a first EndTxn after which the transaction can only have been aborted. */
const SAYS_NOT_COMMITTED: ReadonlySet<number> = new Set([
  errorCodes.PRODUCER_FENCED,
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.INVALID_PRODUCER_ID_MAPPING,
  errorCodes.INVALID_TXN_STATE,
]);

/**
 * The producer of one transactional id: one transaction at a time, whole or not at all (KIP-98, the protocol before KIP-890's version 2,
 * which both 3.9 and 4.1 speak). Every failure begins anew with InitProducerId: that aborts what is open, waits for its
 * markers, and gives an epoch of its own to what comes next, so that no leftover of one transaction can be taken for the other's.
 */
export class TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #transactionalId: string;
  readonly #timeoutMs: number;
  readonly #produce: PartitionProduce;
  #identity: ProducerIdentity | undefined;
  #initializing: Promise<ProducerIdentity> | undefined;
  /**
   * Whether a request of this epoch was left without an answer. It may still arrive, and brokers of this protocol can't tell it from one of the
   * next transaction: a late EndTxn would commit half of that. The next transaction gets an epoch of its own then.
   */
  #hasStale = false;

  constructor({
    cluster,
    transactionalId,
    transactionTimeoutMs = TRANSACTION_TIMEOUT_MS,
  }: TransactionalProducerOptions) {
    this.#cluster = cluster;
    this.#transactionalId = transactionalId;
    this.#timeoutMs = transactionTimeoutMs;
    this.#produce = new PartitionProduce(cluster);
  }

  /** How long the requests of one transaction are repeated: what is left of its time must do for the end. */
  get deliveryMs(): number {
    return this.#timeoutMs / 2;
  }

  /** As {@link init}, unless this producer is at work already: then what is open is its own. */
  async begin(): Promise<void> {
    if (this.#identity === undefined) await this.init();
  }

  /** Aborts what a producer of this id has open, whoever it was, and fences it. Asked for twice at a time it is done once. */
  init(): Promise<ProducerIdentity> {
    this.#identity = undefined;
    this.#initializing ??= this.#init().finally(() => {
      this.#initializing = undefined;
    });
    return this.#initializing;
  }

  async #init(): Promise<ProducerIdentity> {
    const message = initProducerId({
      transactionalId: this.#transactionalId,
      transactionTimeoutMs: this.#timeoutMs,
      producerId: -1n,
      producerEpoch: -1,
    });
    const until = this.#cluster.timing.clock() + this.#timeoutMs;
    const what = 'to begin with a new producer epoch';
    const answer = await this.#ofCoordinator(until, what, message, ({ errorCode }) => errorCode);
    const { producerId, producerEpoch: epoch } = answer;
    this.#produce.reset();
    this.#hasStale = false;
    this.#identity = { transactionalId: this.#transactionalId, producerId, epoch };
    return this.#identity;
  }

  /**
   * One transaction. Resolves when it is committed, with the offsets of each part's batches. Rejects with COMMIT_UNKNOWN where the end was sent and no answer tells how it
   * went; with anything else, nothing is committed.
   */
  async transact(transaction: KafkaTransaction): Promise<readonly BaseOffsets[]> {
    const { parts, group, fence, onStep = () => {} } = transaction;
    const producer = this.#identity === undefined || this.#hasStale ? await this.init() : this.#identity;
    const until = this.#cluster.timing.clock() + this.deliveryMs;
    let isBegun = false;
    try {
      if (parts.length > 0) await this.#addPartitions(producer, parts, until);
      isBegun = true;
      if (group !== undefined) await this.#addOffsets(producer, group, until);
      onStep('begin');
      const produced = this.#produce.send(producer, parts, until);
      const fenced = fence?.(producer, until, () => {
        this.#hasStale = true;
      });
      // Both are awaited to their end, so that nothing of this transaction is sent once it is given up.
      const [sent, kept] = await Promise.allSettled([produced, fenced]);
      if (kept.status === 'rejected') throw kept.reason;
      if (sent.status === 'rejected') throw sent.reason;
      const baseOffsets = sent.value.map(baseOffsetsOf);
      onStep('produce');
      await this.#commit(producer, () => onStep('endSent'));
      onStep('end');
      return baseOffsets;
    } catch (error) {
      this.#identity = undefined;
      if (!(error instanceof HeadraceError) || error.code === 'COMMIT_UNKNOWN' || !isBegun) throw error;
      // What others wait for, readers and the next owner of a partition, they get at once, not when the transaction's time is over.
      await this.init().catch(() => undefined);
      throw error;
    }
  }

  async #addPartitions(producer: ProducerIdentity, parts: readonly OutgoingPartition[], until: number): Promise<void> {
    const message = addPartitionsToTxn({
      ...producer,
      partitions: parts.map(({ topic, partition }) => ({ topic, partition })),
    });
    await this.#ofCoordinator(until, 'to add partitions to a transaction', message, ({ partitions }) => {
      const refusal = partitions.find(
        ({ errorCode }) => errorCode !== 0 && errorCode !== errorCodes.OPERATION_NOT_ATTEMPTED,
      );
      return refusal?.errorCode ?? partitions.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0;
    });
  }

  async #addOffsets(producer: ProducerIdentity, group: string, until: number): Promise<void> {
    const message = addOffsetsToTxn({ ...producer, group });
    await this.#ofCoordinator(until, 'to add offsets to a transaction', message, ({ errorCode }) => errorCode);
  }

  /**
   * EndTxn is repeated as it is until it is answered: for a transaction that it has ended the coordinator answers the same. Only the
   * first answer can say that nothing is committed, and only in few words: NOT_COORDINATOR, for one, also comes when the decision is in the log.
   */
  async #commit(producer: ProducerIdentity, onSent: () => void): Promise<void> {
    const what = 'to commit a transaction';
    const until = this.#cluster.timing.clock() + this.#timeoutMs;
    let isOpenHow = false;
    try {
      await this.#retried(until, what, async () => {
        const node = await this.#cluster.coordinator('transaction', this.#transactionalId);
        const sending = this.#send(node, endTxn({ ...producer, committed: true }));
        onSent();
        const answer = await sending.catch((error: unknown) => {
          isOpenHow = true;
          throw error;
        });
        if (answer.errorCode === 0) return undefined;
        if (SAYS_NOT_COMMITTED.has(answer.errorCode) || isRefusal(answer.errorCode))
          throw notCommitted(what, answer.errorCode);
        isOpenHow = true;
        this.#cluster.forgetCoordinator('transaction', this.#transactionalId);
        return new Again(errorName(answer.errorCode));
      });
    } catch (error) {
      if (!isOpenHow) throw error;
      throw new HeadraceError('COMMIT_UNKNOWN', 'The answer to a commit was lost, and asking again did not tell', {
        cause: error,
      });
    }
  }

  /** Asks the coordinator until it has an answer that is not "not now". */
  #ofCoordinator<Answer>(
    until: number,
    what: string,
    message: Message<Answer>,
    errorCodeOf: (answer: Answer) => number,
  ): Promise<Answer> {
    return this.#retried(until, what, async () => {
      const node = await this.#cluster.coordinator('transaction', this.#transactionalId);
      const answer = await this.#send(node, message);
      const errorCode = errorCodeOf(answer);
      return errorCode === 0 ? answer : this.#againOr(errorCode, what);
    });
  }

  async #send<Answer>(node: number, message: Message<Answer>): Promise<Answer> {
    return this.#cluster.send(node, 'main', message).catch((error: unknown) => {
      this.#hasStale = true;
      this.#cluster.forgetCoordinator('transaction', this.#transactionalId);
      throw error;
    });
  }

  #retried<Result>(until: number, what: string, attempt: () => Promise<Result | Again>): Promise<Result> {
    const requireOpen = () => this.#cluster.requireOpen();
    return retried(attempt, { ...this.#cluster.timing, until, what, requireOpen });
  }

  #againOr(errorCode: number, what: string): Again {
    switch (errorCode) {
      case errorCodes.NOT_COORDINATOR:
      case errorCodes.COORDINATOR_NOT_AVAILABLE:
        this.#cluster.forgetCoordinator('transaction', this.#transactionalId);
        return new Again(errorName(errorCode));
      case errorCodes.COORDINATOR_LOAD_IN_PROGRESS:
      case errorCodes.CONCURRENT_TRANSACTIONS:
      case errorCodes.UNKNOWN_TOPIC_OR_PARTITION:
      case errorCodes.OPERATION_NOT_ATTEMPTED:
        return new Again(errorName(errorCode));
      default:
        throw notCommitted(what, errorCode);
    }
  }
}

function baseOffsetsOf(outcome: PartOutcome): BaseOffsets {
  if ('error' in outcome) throw outcome.error;
  return outcome.baseOffsets;
}
