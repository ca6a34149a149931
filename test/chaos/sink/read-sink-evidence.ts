import { type ClickHouse, readText } from '../../../src/clickhouse/clickhouse.ts';
import type { Log } from '../../../src/log/log.ts';
import { readSinkState } from '../../../src/runtime/sink/sink-state.ts';
import { editionOf, PLAIN_TABLE } from './chaos-table.ts';
import type { Movement, Rows, SinkEvidence } from './sink-evidence.ts';
import { valueText } from './sink-formats.ts';
import { PLAIN_TOPIC, SINK_TOPICS } from './sink-load.ts';
import { EDITION, SINK } from './sink-orders.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;

interface Read {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  readonly headers: ReadonlyMap<string, string>;
}

/** The columns of each view that the log's records say something about. */
const VIEWS: Readonly<Record<string, readonly string[]>> = {
  transactions: [
    ...['transaction_id', 'account_id', 'direction', 'amount', 'currency', 'occurred_at', 'kind', 'channel'],
    ...['counterparty', 'description', 'reference', 'sequence', 'balance_after', 'available_after', 'is_overdrawn'],
    ...['source_topic', 'source_partition', 'source_offset'],
  ],
  transactions_by_id: ['transaction_id', 'account_id', 'sequence', 'occurred_at'],
  transactions_by_reference: ['reference', 'occurred_at', 'account_id', 'sequence'],
  postings: [
    ...['transaction_id', 'account_id', 'sequence', 'leg', 'ledger_account', 'direction', 'amount', 'currency'],
    'occurred_at',
  ],
  balances: ['account_id', 'currency', 'booked', 'held', 'available', 'sequence'],
  account_daily_summary: ['account_id', 'day', 'currency', 'credits', 'debits', 'count'],
  rejected_transactions: ['code', 'reason', 'transaction_id', 'account_id', 'source_partition', 'source_offset'],
};

/** What log and ClickHouse say when no sink is running. Nothing of the sink's own encoding is used: the log is read as JSON's shape. */
export async function readSinkEvidence(log: Log, clickhouse: ClickHouse): Promise<SinkEvidence> {
  const records = async (topic: string) =>
    (await readTopic(log, topic)).map(({ value }) => JSON.parse(value) as Fields);
  const accepted = await records('ledger.transactions');
  const rejected = await readTopic(log, 'transactions.rejected');
  const due: Readonly<Record<string, Rows>> = {
    transactions: accepted.map(transactionRow),
    transactions_by_id: accepted.map((row) => rowOf([row.transactionId, row.accountId, row.sequence, timeOf(row)])),
    transactions_by_reference: accepted.map((row) => rowOf([row.reference, timeOf(row), row.accountId, row.sequence])),
    postings: (await records('postings')).map(postingRow),
    balances: newest(await readTopic(log, 'balances')).flatMap(balanceRows),
    account_daily_summary: newest(await readTopic(log, 'ledger.daily-summary')).map(summaryRow),
    rejected_transactions: rejected.filter(({ value }) => !isBroken(value)).map(({ value }) => rejectedRow(value)),
  };
  const views: Record<string, { due: Rows; shown: Rows }> = {};
  for (const [view, columns] of Object.entries(VIEWS))
    views[view] = { due: due[view]!, shown: await shownRows(clickhouse, view, columns) };
  return {
    views,
    ...(await sums(clickhouse)),
    broken: rejected
      .filter(({ value }) => isBroken(value))
      .map(({ topic, partition, offset }) => `${topic}-${partition} at ${offset}`),
    deadLetters: (await readTopic(log, `${SINK}.dlq`)).map(({ headers }) => {
      const place = (name: string) => headers.get(`__streams.errors.${name}`);
      return `${place('topic')}-${place('partition')} at ${place('offset')}`;
    }),
    behind: await behind(log),
    intent: intentOf(log),
  };
}

/** Rows of the plain table that are there twice, and records that are not there at all. */
export async function readPlainTable(
  log: Log,
  clickhouse: ClickHouse,
): Promise<{ readonly doubled: Rows; readonly missing: Rows }> {
  const text = await readText(clickhouse, `SELECT partition, offset, transaction_id FROM ${PLAIN_TABLE}`, {
    format: 'TSV',
  });
  const counts = new Map<string, number>();
  for (const row of linesOf(text)) counts.set(row, (counts.get(row) ?? 0) + 1);
  const due = (await readTopic(log, PLAIN_TOPIC)).map((read) => rowOf([read.partition, read.offset, read.value]));
  return {
    doubled: [...counts].filter(([, count]) => count > 1).map(([row]) => row),
    missing: due.filter((row) => !counts.has(row)),
  };
}

async function readTopic(log: Log, topic: string): Promise<readonly Read[]> {
  const read: Read[] = [];
  for (const { partition, start, end } of await log.watermarks(topic)) {
    let offset = start;
    for (
      let batch = offset < end ? await log.read(topic, partition, offset) : null;
      batch !== null;
      batch = await log.read(topic, partition, offset)
    ) {
      for (let i = 0; i < batch.length; i++) {
        const text = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString();
        const headers = new Map(batch.headersAt(i).map(([name, value]) => [name, text(value)]));
        const bytes = batch.valueAt(i);
        const [key, value] = [text(batch.keyAt(i)), bytes === null ? '' : valueText(topic, bytes)];
        read.push({ topic, partition, offset: batch.offsetAt(i), key, value, headers });
      }
      offset = batch.offsetAt(batch.length - 1) + 1;
    }
  }
  return read;
}

async function behind(log: Log): Promise<readonly string[]> {
  const committed = new Map(
    (await log.committedOffsets(SINK)).map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
  );
  const ends = (await Promise.all(SINK_TOPICS.map(({ name }) => log.watermarks(name)))).flat();
  return ends.flatMap(({ topic, partition, end }) => {
    const offset = committed.get(`${topic}-${partition}`) ?? 0;
    return offset === end ? [] : [`${topic}-${partition}: ${offset} of ${end}`];
  });
}

function intentOf(log: Log): string | undefined {
  const { intent } = readSinkState(log.state(SINK));
  return intent === undefined ? undefined : JSON.stringify(intent);
}

async function shownRows(clickhouse: ClickHouse, view: string, columns: readonly string[]): Promise<Rows> {
  const text = await readText(clickhouse, `SELECT ${columns.join(', ')} FROM headrace.${view}`, { format: 'TSV' });
  return linesOf(text);
}

/** Of each account in each currency, from the views alone. */
async function sums(clickhouse: ClickHouse): Promise<Pick<SinkEvidence, 'movements' | 'balances' | 'summaries'>> {
  const rows = async (sql: string) =>
    linesOf(await readText(clickhouse, sql, { format: 'TSV' })).map((line) => line.split('\t'));
  const movements = (await rows('SELECT account_id, currency, direction, amount FROM headrace.transactions')).map(
    ([accountId, currency, direction, amount]): Movement => {
      const units = tenThousandths(amount!);
      return { accountId: accountId!, currency: currency!, effect: direction === 'credit' ? units : -units };
    },
  );
  const balances = new Map<string, bigint>();
  for (const [account, currency, booked] of await rows('SELECT account_id, currency, booked FROM headrace.balances'))
    balances.set(`${account} ${currency}`, tenThousandths(booked!));
  const summaries = new Map<string, bigint>();
  const days = await rows('SELECT account_id, currency, credits, debits FROM headrace.account_daily_summary');
  for (const [account, currency, credits, debits] of days) {
    const name = `${account} ${currency}`;
    summaries.set(name, (summaries.get(name) ?? 0n) + tenThousandths(credits!) - tenThousandths(debits!));
  }
  return { movements, balances, summaries };
}

function transactionRow(row: Fields): string {
  const source = row.source as unknown as Fields;
  return rowOf([
    ...[row.transactionId, row.accountId, row.direction, decimal(row.amount), row.currency, timeOf(row), row.kind],
    ...[row.channel, '', editionOf(String(row.description), EDITION), row.reference, row.sequence],
    ...[decimal(row.balanceAfter), decimal(row.availableAfter), row.isOverdrawn],
    ...[source.topic, source.partition, source.offset],
  ]);
}

function postingRow(row: Fields): string {
  const { transactionId, accountId, sequence, leg, ledgerAccount, direction, amount, currency } = row;
  return rowOf([
    ...[transactionId, accountId, sequence, leg, ledgerAccount, direction, decimal(amount), currency, timeOf(row)],
  ]);
}

function balanceRows(row: Fields): Rows {
  return (row.balances as unknown as readonly Fields[]).map(({ currency, booked, held, available }) =>
    rowOf([row.accountId, currency, decimal(booked), decimal(held), decimal(available), row.sequence]),
  );
}

function summaryRow({ accountId, day, currency, credits, debits, count }: Fields): string {
  return rowOf([accountId, day, currency, decimal(credits), decimal(debits), count]);
}

function rejectedRow(value: string): string {
  const { code, reason, transactionId, accountId, source } = JSON.parse(value) as Fields;
  const { partition, offset } = source as unknown as Fields;
  return rowOf([code, reason, transactionId, accountId, partition, offset]);
}

function newest(read: readonly Read[]): readonly Fields[] {
  return [...new Map(read.map(({ key, value }) => [key, JSON.parse(value) as Fields])).values()];
}

function isBroken(value: string): boolean {
  return value.startsWith('{broken');
}

function rowOf(cells: readonly unknown[]): string {
  return cells.join('\t');
}

function linesOf(text: string): readonly string[] {
  return text === '' ? [] : text.trimEnd().split('\n');
}

/** As ClickHouse writes a DateTime64(3). */
function timeOf(row: Fields): string {
  return String(row.occurredAt).replace('T', ' ').replace('Z', '');
}

/** As ClickHouse writes a decimal: without zeros at the end. */
function decimal(amount: unknown): string {
  const text = String(amount);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function tenThousandths(amount: string): bigint {
  const [whole = '', decimals = ''] = amount.split('.');
  return BigInt(whole + decimals.padEnd(4, '0'));
}
