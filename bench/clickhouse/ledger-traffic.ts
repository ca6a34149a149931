import type { OpenTopicFormats } from '../../src/app/formats/open-topic-formats.ts';
import { traffic } from '../../src/app/traffic/traffic.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import { type NewRecord, NO_HEADERS } from '../../src/log/record.ts';
import { seededRandom } from '../../src/random.ts';
import type { KeyValueStore } from '../../src/state/key-value-store.ts';
import { businessTime } from '../../topologies/account-ledger/business-time.ts';
import { summaryKey } from '../../topologies/account-ledger/daily-summary.ts';
import { toTransactionInput } from '../../topologies/account-ledger/events.ts';
import { PostingOffice, type Stores, type Told } from '../../topologies/account-ledger/posting-office.ts';
import { TOPICS } from '../../topologies/account-ledger/topics.ts';

export interface LedgerTrafficOptions {
  readonly formats: OpenTopicFormats;
  readonly accounts: number;
  /** Of each topic. */
  readonly partitions: number;
}

/** Where the input of a transaction would have stood. */
export interface Taken {
  readonly partition: number;
  readonly offset: number;
  readonly isAccepted: boolean;
  /** What the ledger writes of it. */
  readonly records: readonly NewRecord[];
}

const SEED = 5;

/**
 * What the ledger makes of generated transactions, judged and posted by its own posting office over state in memory: the records
 * of all its topics, in its mix and with its values, without a worker that takes a share of what is measured.
 */
export class LedgerTraffic {
  readonly #options: LedgerTrafficOptions;
  readonly #transactions: ReturnType<typeof traffic>;
  readonly #office: PostingOffice;
  readonly #offsets: number[];
  #now = 0;
  #told: Told[] = [];

  constructor(options: LedgerTrafficOptions) {
    this.#options = options;
    this.#offsets = new Array<number>(options.partitions).fill(0);
    this.#transactions = traffic({
      random: seededRandom(SEED),
      clock: () => this.#now,
      run: 'bench',
      accounts: options.accounts,
    });
    this.#office = new PostingOffice(storesInMemory(), (_key, told) => this.#told.push(told), businessTime());
  }

  /** The next transaction, taken in and happened at a moment. */
  next(nowMs: number): Taken {
    this.#now = nowMs;
    const transaction = toTransactionInput(this.#transactions.next().value);
    const key = Buffer.from(transaction.accountId);
    const partition = partitionFor(key, this.#options.partitions);
    const offset = this.#offsets[partition]!++;
    this.#told = [];
    this.#office.take(transaction, {
      key: transaction.accountId,
      record: { topic: TOPICS.transactions, partition, offset, timestamp: nowMs, headers: NO_HEADERS },
      settings: null,
    });
    const records = this.#told.flatMap((told) => this.#recordsOf(told, partition));
    return { partition, offset, isAccepted: this.#told.some((told) => 'accepted' in told), records };
  }

  #recordsOf(told: Told, partition: number): readonly NewRecord[] {
    const record = (topic: string, key: string, value: unknown, at = partition): NewRecord => ({
      topic,
      partition: at,
      timestamp: this.#now,
      key: Buffer.from(key),
      value: this.#options.formats.valueSerde(topic).serialize(value),
    });
    if ('rejected' in told) return [record(TOPICS.rejected, told.rejected.accountId, told.rejected)];
    if (!('accepted' in told)) return [];
    const { transaction, postings, balances, summary } = told.accepted;
    const { accountId } = transaction;
    const day = summaryKey(accountId, summary.day, summary.currency);
    return [
      record(TOPICS.accepted, accountId, transaction),
      ...postings.map((posting) => record(TOPICS.postings, accountId, posting)),
      record(TOPICS.balances, accountId, balances),
      record(TOPICS.dailySummary, day, summary, partitionFor(Buffer.from(day), this.#options.partitions)),
    ];
  }
}

function storesInMemory(): Stores {
  return { accounts: inMemory(), identities: inMemory(), days: inMemory(), holds: inMemory() };
}

function inMemory<V>(): KeyValueStore<string, V> {
  const entries = new Map<string, V>();
  return {
    get: (key) => entries.get(key),
    put: (key, value) => void (value === undefined ? entries.delete(key) : entries.set(key, value)),
    delete: (key) => void entries.delete(key),
    *range(from, to) {
      const keys = [...entries.keys()].sort();
      for (const key of keys) {
        if ((from === undefined || key >= from) && (to === undefined || key < to)) yield [key, entries.get(key)!];
      }
    },
  };
}
