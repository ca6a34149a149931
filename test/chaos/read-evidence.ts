import { LocalNode } from '../../src/app/local-node.ts';
import { silentLogger } from '../../src/app/logger.ts';
import { recordsOf, valueIn } from '../../src/app/node.ts';
import { readJsonRows } from '../../src/app/query-rows.ts';
import type { CashEvidence, SentWithdrawal } from './cash-evidence.ts';
import type {
  AcceptedTransaction,
  Balance,
  ClickHouseEvidence,
  DaySummary,
  Leg,
  LogEvidence,
  LoggedTransaction,
  RejectedTransaction,
} from './evidence.ts';
import { readCash } from './read-cash.ts';

/** The load's currencies and their decimals, written down here apart from the engine's table. */
const DECIMALS: Readonly<Record<string, number>> = { EUR: 2, USD: 2, JPY: 0 };

type Json = Record<string, never>;

/** What log and ClickHouse hold after a run; nothing may run on the directory. */
export async function readEvidence(
  dataDirectory: string,
  withdrawals: readonly SentWithdrawal[],
): Promise<{ readonly log: LogEvidence; readonly clickhouse: ClickHouseEvidence; readonly cash: CashEvidence }> {
  const node = await LocalNode.open({ dataDirectory, clock: Date.now, logger: silentLogger });
  try {
    return {
      log: await logEvidence(node),
      clickhouse: await clickHouseEvidence(node),
      cash: await readCash(node, withdrawals),
    };
  } finally {
    await node.close();
  }
}

async function logEvidence(node: LocalNode): Promise<LogEvidence> {
  const transactions: LoggedTransaction[] = (await records(node, 'transactions')).map(
    ({ value, partition, offset }) => ({
      transactionId: value.transactionId!,
      accountId: value.accountId!,
      partition,
      offset,
    }),
  );
  const accepted = (await records(node, 'ledger.transactions')).map(({ value }) =>
    acceptedOf(value, (value as unknown as { source: Source }).source),
  );
  const rejected: RejectedTransaction[] = (await records(node, 'transactions.rejected')).map(({ value }) => {
    const { partition, offset } = (value as unknown as { source: Source }).source;
    return { code: value.code!, sourcePartition: partition, sourceOffset: offset };
  });
  const postings: Leg[] = (await records(node, 'postings')).map(({ value }) => ({
    accountId: value.accountId!,
    sequence: Number(value.sequence),
    leg: Number(value.leg),
    currency: value.currency!,
    effect: effect(value.direction!, value.amount!, value.currency!),
  }));
  const balances: Balance[] = newest(await records(node, 'balances')).flatMap((value) =>
    (value as unknown as { balances: readonly Record<string, string>[] }).balances.map(({ currency, booked }) => ({
      accountId: value.accountId!,
      currency: currency!,
      booked: minor(booked!, currency!),
    })),
  );
  const summaries: DaySummary[] = newest(await records(node, 'ledger.daily-summary')).map(summaryOf);
  return { transactions, accepted, rejected, postings, balances, summaries };
}

async function clickHouseEvidence(node: LocalNode): Promise<ClickHouseEvidence> {
  const rows = (sql: string) => readJsonRows<Record<string, string>>(node, sql);
  const accepted = (
    await rows(
      'SELECT transaction_id AS transactionId, account_id AS accountId, currency, direction, amount, sequence, balance_after AS balanceAfter, source_topic AS topic, source_partition AS partition, source_offset AS offset FROM headrace.transactions',
    )
  ).map((row) => acceptedOf(row, { topic: row.topic!, partition: Number(row.partition), offset: Number(row.offset) }));
  const rejected = (
    await rows('SELECT code, source_partition AS p, source_offset AS o FROM headrace.rejected_transactions')
  ).map(({ code, p, o }) => ({ code: code!, sourcePartition: Number(p), sourceOffset: Number(o) }));
  const postings = (
    await rows('SELECT account_id AS accountId, sequence, leg, currency, direction, amount FROM headrace.postings')
  ).map(({ accountId, sequence, leg, currency, direction, amount }) => ({
    accountId: accountId!,
    sequence: Number(sequence),
    leg: Number(leg),
    currency: currency!,
    effect: effect(direction!, amount!, currency!),
  }));
  const balances = (await rows('SELECT account_id AS accountId, currency, booked FROM headrace.balances')).map(
    ({ accountId, currency, booked }) => ({
      accountId: accountId!,
      currency: currency!,
      booked: minor(booked!, currency!),
    }),
  );
  const summaries = (
    await rows(
      'SELECT account_id AS accountId, day, currency, credits, debits, count FROM headrace.account_daily_summary',
    )
  ).map(summaryOf);
  return { accepted, rejected, postings, balances, summaries };
}

interface Source {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

interface Read {
  readonly key: string;
  readonly value: Record<string, string>;
  readonly partition: number;
  readonly offset: number;
}

export async function records(node: LocalNode, topic: string): Promise<readonly Read[]> {
  const read: Read[] = [];
  for (const { partition, start, end } of await node.watermarks(topic)) {
    for await (const record of recordsOf(node, topic, partition, start, end)) {
      read.push({
        key: Buffer.from(record.key!).toString(),
        value: await valueIn<Json>(node, topic, record),
        partition,
        offset: record.offset,
      });
    }
  }
  return read;
}

export function newest(read: readonly Read[]): readonly Record<string, string>[] {
  return [...new Map(read.map(({ key, value }) => [key, value])).values()];
}

function acceptedOf(row: Record<string, string>, source: Source): AcceptedTransaction {
  const { transactionId, accountId, currency, sequence, direction, amount, balanceAfter } = row;
  return {
    transactionId: transactionId!,
    accountId: accountId!,
    currency: currency!,
    sequence: Number(sequence),
    effect: effect(direction!, amount!, currency!),
    balanceAfter: minor(balanceAfter!, currency!),
    sourceTopic: source.topic,
    sourcePartition: source.partition,
    sourceOffset: source.offset,
  };
}

function summaryOf({ accountId, day, currency, credits, debits, count }: Record<string, string>): DaySummary {
  return {
    accountId: accountId!,
    day: day!,
    currency: currency!,
    credits: minor(credits!, currency!),
    debits: minor(debits!, currency!),
    count: Number(count),
  };
}

function effect(direction: string, amount: string, currency: string): bigint {
  return direction === 'credit' ? minor(amount, currency) : -minor(amount, currency);
}

/** ClickHouse leaves trailing zeros out, the topics have them. */
export function minor(amount: string, currency: string): bigint {
  const [whole = '', decimals = ''] = amount.split('.');
  return BigInt(whole + decimals.slice(0, DECIMALS[currency]).padEnd(DECIMALS[currency]!, '0'));
}
