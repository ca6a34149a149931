import type { Column, SinkTable } from 'headrace';
import { cell, decimalsOf, fieldsOf, listIn, minor, objectIn, optionalText, text } from './sink-fields.ts';

const TEXT = 'LowCardinality(String)';
const TIME = "DateTime64(3, 'UTC')";

function columns(types: Readonly<Record<string, string>>): readonly Column[] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

const transactions: SinkTable = {
  topic: 'ledger.transactions',
  table: 'headrace.transactions_rows',
  columns: columns({
    transaction_id: 'String',
    account_id: 'String',
    direction: TEXT,
    amount_minor: 'Int64',
    exponent: 'UInt8',
    currency: TEXT,
    occurred_at: TIME,
    kind: TEXT,
    channel: TEXT,
    counterparty: 'String',
    description: 'String',
    reference: 'String',
    sequence: 'UInt64',
    balance_after_minor: 'Int64',
    available_after_minor: 'Int64',
    is_overdrawn: 'Bool',
    source_topic: TEXT,
    source_partition: 'UInt32',
    source_offset: 'UInt64',
  }),
  rows: (record) => {
    const value = fieldsOf(record);
    const exponent = decimalsOf(value, 'amount');
    const source = objectIn(value, 'source');
    return [
      [
        text(value, 'transactionId'),
        text(value, 'accountId'),
        text(value, 'direction'),
        minor(value, 'amount', exponent),
        exponent,
        text(value, 'currency'),
        text(value, 'occurredAt'),
        text(value, 'kind'),
        optionalText(value, 'channel'),
        optionalText(value, 'counterparty'),
        optionalText(value, 'description'),
        optionalText(value, 'reference'),
        cell(value, 'sequence'),
        minor(value, 'balanceAfter', exponent),
        minor(value, 'availableAfter', exponent),
        cell(value, 'isOverdrawn'),
        text(source, 'topic'),
        cell(source, 'partition'),
        cell(source, 'offset'),
      ],
    ];
  },
};

const postings: SinkTable = {
  topic: 'postings',
  table: 'headrace.postings_rows',
  columns: columns({
    transaction_id: 'String',
    account_id: 'String',
    sequence: 'UInt64',
    leg: 'UInt32',
    ledger_account: 'String',
    direction: TEXT,
    amount_minor: 'Int64',
    exponent: 'UInt8',
    currency: TEXT,
    occurred_at: TIME,
  }),
  rows: (record) => {
    const value = fieldsOf(record);
    const exponent = decimalsOf(value, 'amount');
    return [
      [
        text(value, 'transactionId'),
        text(value, 'accountId'),
        cell(value, 'sequence'),
        cell(value, 'leg'),
        text(value, 'ledgerAccount'),
        text(value, 'direction'),
        minor(value, 'amount', exponent),
        exponent,
        text(value, 'currency'),
        text(value, 'occurredAt'),
      ],
    ];
  },
};

const balances: SinkTable = {
  topic: 'balances',
  table: 'headrace.balances_rows',
  columns: columns({
    account_id: 'String',
    currency: TEXT,
    booked_minor: 'Int64',
    held_minor: 'Int64',
    available_minor: 'Int64',
    exponent: 'UInt8',
    sequence: 'UInt64',
    occurred_at: TIME,
  }),
  rows: (record) => {
    if (record.bytes === null) return [];
    const value = fieldsOf(record);
    return listIn(value, 'balances').map((balance) => {
      const exponent = decimalsOf(balance, 'booked');
      return [
        text(value, 'accountId'),
        text(balance, 'currency'),
        minor(balance, 'booked', exponent),
        minor(balance, 'held', exponent),
        minor(balance, 'available', exponent),
        exponent,
        cell(value, 'sequence'),
        text(value, 'occurredAt'),
      ];
    });
  },
};

const dailySummary: SinkTable = {
  topic: 'ledger.daily-summary',
  table: 'headrace.account_daily_summary_rows',
  columns: columns({
    account_id: 'String',
    day: 'Date32',
    currency: TEXT,
    credits_minor: 'Int128',
    debits_minor: 'Int128',
    exponent: 'UInt8',
    transaction_count: 'UInt64',
    version: 'UInt64',
  }),
  rows: (record) => {
    if (record.bytes === null) return [];
    const value = fieldsOf(record);
    const exponent = decimalsOf(value, 'credits');
    return [
      [
        text(value, 'accountId'),
        text(value, 'day'),
        text(value, 'currency'),
        minor(value, 'credits', exponent),
        minor(value, 'debits', exponent),
        exponent,
        cell(value, 'count'),
        cell(value, 'version'),
      ],
    ];
  },
};

const rejected: SinkTable = {
  topic: 'transactions.rejected',
  table: 'headrace.rejected_transactions_rows',
  columns: columns({
    source_topic: TEXT,
    source_partition: 'UInt32',
    source_offset: 'UInt64',
    code: TEXT,
    reason: 'String',
    transaction_id: 'String',
    account_id: 'String',
    transaction: 'String',
    recorded_at: TIME,
  }),
  rows: (record) => {
    const value = fieldsOf(record);
    const source = objectIn(value, 'source');
    return [
      [
        text(source, 'topic'),
        cell(source, 'partition'),
        cell(source, 'offset'),
        text(value, 'code'),
        optionalText(value, 'reason'),
        optionalText(value, 'transactionId'),
        optionalText(value, 'accountId'),
        JSON.stringify(value.transaction ?? null),
        record.timestamp,
      ],
    ];
  },
};

const ERROR_HEADERS = '__streams.errors.';

const deadLetters: SinkTable = {
  topic: 'transactions.dlq',
  table: 'headrace.dead_letters_rows',
  columns: columns({
    source_topic: TEXT,
    source_partition: 'UInt32',
    source_offset: 'UInt64',
    error: 'String',
    message: 'String',
    stacktrace: 'String',
    key: 'Nullable(String)',
    value: 'Nullable(String)',
    header_names: 'Array(String)',
    header_values: 'Array(Nullable(String))',
    dead_letter_topic: TEXT,
    dead_letter_partition: 'UInt32',
    dead_letter_offset: 'UInt64',
    recorded_at: TIME,
  }),
  values: 'bytes',
  rows: (record) => {
    const decoder = new TextDecoder();
    const said = new Map(record.headers.map(([name, value]) => [name, value === null ? '' : decoder.decode(value)]));
    const error = (name: string) => said.get(ERROR_HEADERS + name);
    // A dead letter that somebody put there by hand has no such headers; it then stands for itself.
    const hasSource = error('topic') !== undefined;
    const own = record.headers.filter(([name]) => !name.startsWith(ERROR_HEADERS));
    return [
      [
        error('topic') ?? record.topic,
        hasSource ? Number(error('partition')) : record.partition,
        hasSource ? Number(error('offset')) : record.offset,
        error('exception') ?? '',
        error('message') ?? '',
        error('stacktrace') ?? '',
        record.key,
        record.bytes,
        own.map(([name]) => name),
        own.map(([, value]) => value),
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
      ],
    ];
  },
};

/** The tables of the ledger's topics; sql/ makes them. */
export const ledgerSinkTables: readonly SinkTable[] = [
  transactions,
  postings,
  balances,
  dailySummary,
  rejected,
  deadLetters,
  { ...deadLetters, topic: 'accounts.dlq' },
];
