import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { partitionFor } from '../../log/partitioner.ts';
import type { NewRecord } from '../../log/record.ts';
import { seededRandom } from '../../random.ts';
import type { HeadraceNode } from '../node.ts';
import { traffic } from './traffic.ts';
import { WithdrawalTraffic } from './withdrawal-traffic.ts';

export interface GenerateOptions {
  /** Transactions a second. */
  readonly rate: number;
  /** How long the ATM system waits for an answer. */
  readonly answerWithinMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Traffic is appended in ticks of this length. */
const TICK_MS = 50;
/** Between two tries of an append that the log had no room for. */
const RETRY_MS = 500;
/** Transactions for each withdrawal. */
const TRANSACTIONS_PER_WITHDRAWAL = 40;

/**
 * Appends generated transactions and withdrawals at a steady rate until the signal; where the log can't keep up, it waits
 * rather than queueing.
 */
export async function generate(
  node: Pick<HeadraceNode, 'append' | 'watermarks'>,
  { rate, answerWithinMs, clock, signal }: GenerateOptions,
): Promise<void> {
  const startAt = clock();
  const run = startAt.toString(36);
  const transactions = traffic({ random: seededRandom(startAt), clock, run });
  const perSecond = rate / TRANSACTIONS_PER_WITHDRAWAL;
  const withdrawals = new WithdrawalTraffic({
    random: seededRandom(startAt + 1),
    startAt,
    run,
    perSecond,
    answerWithinMs,
  });
  // All topics have equally many.
  const partitions = (await node.watermarks(TOPICS.transactions)).length;
  const record = (topic: string, key: string, value: unknown): NewRecord => {
    const bytes = Buffer.from(key);
    const partition = partitionFor(bytes, partitions);
    return { topic, partition, timestamp: clock(), key: bytes, value: Buffer.from(JSON.stringify(value)) };
  };
  let produced = 0;
  while (!signal.aborted) {
    const now = clock();
    const due = Math.floor(((now - startAt) * rate) / 1_000) - produced;
    const batch: NewRecord[] = [];
    for (let i = 0; i < Math.min(due, rate); i++) {
      const transaction = transactions.next().value;
      batch.push(record(TOPICS.transactions, transaction.accountId!, transaction));
    }
    // What a slow moment has left undone is not made up for: the rate is a rate, not a debt.
    produced += Math.max(0, due);
    for (const { topic, key, value } of withdrawals.due(now)) batch.push(record(topic, key, value));
    if (batch.length > 0) await appendPatiently(node, batch, signal);
    await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function appendPatiently(
  node: Pick<HeadraceNode, 'append'>,
  batch: readonly NewRecord[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await node.append(batch);
      return;
    } catch (error) {
      // What may be there already is found as a duplicate by its id.
      const mayPass = error instanceof HeadraceError && (error.retriable || error.code === 'COMMIT_UNKNOWN');
      if (!mayPass) throw error;
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
