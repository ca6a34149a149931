import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type CorrectedProducer, Kafka, logLevel } from '../../src/log/kafka/client/index.ts';
import { decodeSubscription } from '../../src/log/kafka/group/subscription.ts';
import {
  decodeConsumerAssignment,
  decodeConsumerSubscription,
} from '../../src/log/kafka/protocol/consumer-protocol.ts';
import { headrace, type RunningCommand, startHeadrace } from './headrace.ts';

const TOPIC = 'transactions';
const CHUNK_MS = 50;
/** States of a group in which nobody is about to join. */
const SETTLED: ReadonlySet<string> = new Set(['Stable', 'Empty', 'Dead']);

/** A record as `headrace consume` prints it. */
export interface Consumed {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export interface GroupShare {
  readonly name: string;
  readonly partitions: readonly number[];
}

/** What the ledger of one cluster gets and gives, without a data directory: transactions at a steady rate, and every outcome. */
export class KafkaLedger {
  readonly bootstrap: string;
  readonly #kafka: Kafka;
  readonly #accounts: number;
  #producer: CorrectedProducer | undefined;
  #feeding: { readonly stop: AbortController; readonly running: Promise<void> } | undefined;
  /** Transactions that were acknowledged. */
  sent = 0;

  constructor(bootstrap: string, accounts = 100) {
    this.bootstrap = bootstrap;
    this.#accounts = accounts;
    this.#kafka = new Kafka({ clientId: 'test', brokers: [bootstrap], logLevel: logLevel.NOTHING });
  }

  async send(count: number): Promise<void> {
    this.#producer ??= this.#kafka.producer({ idempotent: true });
    if (this.sent === 0) await this.#producer.connect();
    const messages = Array.from({ length: count }, (_, i) => this.#transaction(this.sent + i));
    await this.#producer.send({ topic: TOPIC, messages });
    this.sent += count;
  }

  /** So many a second, until {@link endFeed}. */
  feed(rate: number): void {
    const stop = new AbortController();
    const running = (async () => {
      const startedAt = Date.now();
      let owed = 0;
      while (!stop.signal.aborted) {
        const due = Math.floor(((Date.now() - startedAt) * rate) / 1_000);
        if (due > owed) await this.send(due - owed);
        owed = due;
        await sleep(CHUNK_MS);
      }
    })();
    this.#feeding = { stop, running };
  }

  async endFeed(): Promise<void> {
    this.#feeding?.stop.abort();
    await this.#feeding?.running;
  }

  async close(): Promise<void> {
    await this.endFeed();
    await this.#producer?.disconnect();
  }

  /** The members of a group, as the brokers know them between two rebalances, with the partitions of transactions that each owns. */
  async members(group: string): Promise<readonly GroupShare[]> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      for (;;) {
        const { state, members } = (await admin.describeGroups([group])).groups[0]!;
        if (SETTLED.has(state)) {
          return members.map(({ memberMetadata, memberAssignment }) => ({
            name: decodeSubscription(decodeConsumerSubscription(memberMetadata).userData, group).member,
            partitions: decodeConsumerAssignment(memberAssignment)
              .partitions.filter(({ topic }) => topic === TOPIC)
              .map(({ partition }) => partition),
          }));
        }
        await sleep(CHUNK_MS);
      }
    } finally {
      await admin.disconnect();
    }
  }

  /** Waits until the ledger has as many outcomes as transactions were sent, and checks each of them. */
  async everyOneOnce(waitMs = 60_000): Promise<void> {
    let [accepted, rejected]: (readonly Consumed[])[] = [[], []];
    for (const until = Date.now() + waitMs; ; await sleep(200)) {
      [accepted, rejected] = [await this.consumed('ledger.transactions'), await this.consumed('transactions.rejected')];
      if (accepted.length + rejected.length >= this.sent || Date.now() >= until) break;
    }
    expect(rejected).toEqual([]);
    expect(sequenceFaults(accepted)).toEqual([]);
    const ids = accepted.map(({ value }) => value.transactionId as string);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(this.sent);
  }

  async consumed(topic: string): Promise<readonly Consumed[]> {
    const { status, out, err } = await headrace(['consume', topic, '--kafka', this.bootstrap]);
    if (status !== 0) throw new RangeError(err);
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Consumed);
  }

  #transaction(number: number) {
    const accountId = `A${number % this.#accounts}`;
    const value = {
      transactionId: `T${number}`,
      accountId,
      direction: 'credit',
      amount: '1.00',
      currency: 'EUR',
      occurredAt: '2026-01-01T00:00:00Z',
      kind: 'posting',
    };
    return { key: accountId, value: JSON.stringify(value) };
  }
}

/** What is wrong with the sequences of accounts, in the order of their partition: from 1, without a gap, none twice. */
export function sequenceFaults(accepted: readonly Consumed[]): readonly string[] {
  const last = new Map<string, number>();
  return accepted.flatMap(({ value }) => {
    const [accountId, sequence] = [value.accountId as string, value.sequence as number];
    const expected = (last.get(accountId) ?? 0) + 1;
    last.set(accountId, sequence);
    return sequence === expected ? [] : [`${accountId}: ${sequence} where ${expected} should be`];
  });
}

/** `headrace start` on Kafka without traffic of its own, once it serves. */
export async function startNode(
  bootstrap: string,
  data: string,
  args: readonly string[] = [],
): Promise<RunningCommand & { readonly address: string }> {
  const started = startHeadrace([
    'start',
    '--kafka',
    bootstrap,
    '--data',
    data,
    '--port',
    '0',
    '--no-traffic',
    ...args,
  ]);
  await started.said('serving at');
  return { ...started, address: /serving at (\S+)/.exec(started.told())![1]! };
}

/** A figure of /metrics by the name of each thread. */
export async function byThread(address: string, metric: string): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${address}/metrics`)).text();
  const lines = [...text.matchAll(new RegExp(`^${metric}\\{thread_id="([^"]+)"\\} (\\d+)$`, 'gm'))];
  return Object.fromEntries(lines.map(([, thread, value]) => [thread!, Number(value)]));
}

/** Waits until it holds. */
export async function until(holds: () => Promise<boolean>, what: string, limitMs = 60_000): Promise<void> {
  for (const end = Date.now() + limitMs; !(await holds()); await sleep(100)) {
    if (Date.now() > end) throw new RangeError(`waited for ${limitMs} ms: ${what}`);
  }
}
