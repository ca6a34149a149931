import type { LedgerTransaction, RejectedTransaction } from '../../../../topologies/account-ledger/events.ts';
import { identityOf } from '../../../../topologies/account-ledger/posting-office.ts';
import { TOPICS } from '../../../../topologies/account-ledger/topics.ts';
import { HeadraceError } from '../../../errors.ts';
import { partitionFor } from '../../../log/partitioner.ts';
import type { RecordBatch } from '../../../log/record-batch.ts';
import { deadLetterTopic } from '../../../runtime/dead-letter.ts';
import { SINK } from '../../engine.ts';
import { LEDGER } from '../../systems.ts';
import type { ApiBackend } from './api-backend.ts';
import { DEAD_LETTER, deadLetterOf, postedOf, refusalOf } from './ledger-queries.ts';
import type { TransactionStatus } from './schemas.ts';
import { groupPosition, ofKey, TailScan } from './tail-scan.ts';

type Posted = Extract<TransactionStatus, { status: 'posted' }>;

interface Refusal {
  readonly code: string;
  readonly reason: string;
  /** Offset of the input. */
  readonly offset: number;
}

interface Scans {
  readonly input: TailScan;
  readonly accepted: TailScan;
  readonly rejected: TailScan;
  readonly deadLetters: TailScan;
}

const DEAD_LETTERS = deadLetterTopic(TOPICS.transactions);

/**
 * What became of one transaction, asked again and again. A record only moves forward: from what the engine has not
 * processed, to outcomes that ClickHouse does not have yet, to ClickHouse. They are looked through in this order, so that
 * what moves meanwhile is met later; nothing is remembered from before a crash, and nothing needs to be.
 */
export class TransactionWatch {
  readonly #backend: ApiBackend;
  readonly #accountId: string;
  readonly #transactionId: string;
  readonly #scannedMax: number;
  #scans: Scans | undefined;
  #posted: Posted | undefined;
  #refused: Refusal | undefined;
  /** Offset of the last input of this identity; -1 for none. */
  #input = -1;

  constructor(backend: ApiBackend, accountId: string, transactionId: string, scannedMax: number) {
    this.#backend = backend;
    this.#accountId = accountId;
    this.#transactionId = transactionId;
    this.#scannedMax = scannedMax;
  }

  /** Undefined where nobody has heard of it. Throws a problem of status 503 where too much waits to be looked through. */
  async look(): Promise<TransactionStatus | undefined> {
    if (this.#posted !== undefined) return this.#posted;
    if (this.#scans === undefined) await this.#lookFirst();
    else await this.#lookOn(this.#scans);
    const identity = { accountId: this.#accountId, transactionId: this.#transactionId };
    if (this.#posted !== undefined) return this.#posted;
    const refused = this.#refused;
    if (this.#input > (refused?.offset ?? -1)) return { ...identity, status: 'pending' };
    if (refused === undefined) return undefined;
    return { ...identity, status: 'refused', code: refused.code, reason: refused.reason };
  }

  async #lookFirst(): Promise<void> {
    const key = Buffer.from(this.#accountId);
    const partition = partitionFor(key, (await this.#backend.watermarks(TOPICS.transactions)).length);
    const scan = async (group: string, topic: string) =>
      new TailScan(
        this.#backend,
        await groupPosition(this.#backend, group, topic, partition),
        this.#scannedMax,
        ofKey(key),
      );
    const input = await scan(LEDGER, TOPICS.transactions);
    await this.#readInput(input);
    const identity = Buffer.from(identityOf(this.#accountId, this.#transactionId));
    const known = await this.#backend.stateValue(LEDGER, 'transaction-identities', partition, identity);
    const isKnown = known !== undefined;
    const scans = {
      input,
      accepted: await scan(SINK, TOPICS.accepted),
      rejected: await scan(SINK, TOPICS.rejected),
      deadLetters: await scan(SINK, DEAD_LETTERS),
    };
    await this.#readOutcomes(scans);
    if (this.#posted === undefined && isKnown) {
      this.#posted = await postedOf(this.#backend, this.#accountId, this.#transactionId);
      // The sink of several instances writes into the ClickHouse of one; "not found" would say that it was never posted.
      if (this.#posted === undefined) throw elsewhere();
    }
    if (this.#posted === undefined && this.#refused === undefined && this.#input === -1) {
      this.#refused =
        (await refusalOf(this.#backend, this.#accountId, this.#transactionId, partition)) ??
        (await deadLetterOf(this.#backend, this.#accountId, this.#transactionId, partition));
    }
    this.#scans = scans;
  }

  async #lookOn(scans: Scans): Promise<void> {
    await this.#readInput(scans.input);
    await this.#readOutcomes(scans);
  }

  #readInput(input: TailScan): Promise<void> {
    return input.read((batch, index) => {
      if (this.#isMine(batch, index)) this.#input = batch.offsetAt(index);
      return false;
    });
  }

  async #readOutcomes({ accepted, rejected, deadLetters }: Scans): Promise<void> {
    await accepted.read((batch, index) => {
      if (this.#isMine(batch, index)) this.#posted = toPosted(this.#decode<LedgerTransaction>(batch, index)!);
      return this.#posted !== undefined;
    });
    await rejected.read((batch, index) => {
      if (!this.#isMine(batch, index)) return false;
      const { code, reason, source } = this.#decode<RejectedTransaction>(batch, index)!;
      this.#refused = { code, reason, offset: source.offset };
      return false;
    });
    await deadLetters.read((batch, index) => {
      if (!this.#isMine(batch, index)) return false;
      const said = new Map(batch.headersAt(index).map(([name, value]) => [name, Buffer.from(value ?? []).toString()]));
      this.#refused = {
        code: DEAD_LETTER,
        reason: said.get('__streams.errors.message') ?? '',
        offset: Number(said.get('__streams.errors.offset') ?? -1),
      };
      return false;
    });
  }

  #isMine(batch: RecordBatch, index: number): boolean {
    return this.#decode<Partial<LedgerTransaction>>(batch, index)?.transactionId === this.#transactionId;
  }

  /** What can't be read is nobody's; what can't be read yet must not be taken for that. */
  #decode<T>(batch: RecordBatch, index: number): T | undefined {
    const value = batch.valueAt(index);
    if (value === null) return undefined;
    // A dead letter is what it was when it came in.
    const topic = batch.topic === DEAD_LETTERS ? TOPICS.transactions : batch.topic;
    try {
      return (this.#backend.decode(topic, value, batch.headersAt(index)) ?? undefined) as T | undefined;
    } catch (error) {
      if (error instanceof HeadraceError && error.retriable) throw error;
      return undefined;
    }
  }
}

function elsewhere(): HeadraceError {
  return new HeadraceError(
    'STATE_UNAVAILABLE',
    'The transaction is posted; its row is in the ClickHouse of another instance, where the sink runs: ask that one',
    { retriable: true },
  );
}

function toPosted(transaction: LedgerTransaction): Posted {
  const { postings: _postings, source: _source, ...told } = transaction;
  return { ...told, status: 'posted' };
}
