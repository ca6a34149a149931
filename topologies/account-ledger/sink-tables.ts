import { type CellValue, type Column, HeadraceError, type SinkRecord, type SinkTable } from 'headrace';

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
];

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(record: SinkRecord): Fields {
  return asObject(record.value, 'the value');
}

function asObject(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refused(`${name} is not an object`);
  return value as Fields;
}

function objectIn(fields: Fields, name: string): Fields {
  return asObject(fields[name], name);
}

function listIn(fields: Fields, name: string): readonly Fields[] {
  const list = fields[name];
  if (!Array.isArray(list)) throw refused(`${name} is not a list`);
  return list.map((item) => asObject(item, name));
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw refused(`${name} is not a text`);
  return value;
}

function optionalText(fields: Fields, name: string): string {
  return fields[name] === undefined ? '' : text(fields, name);
}

/** Numbers and booleans as they are: the column's type judges them. */
function cell(fields: Fields, name: string): CellValue {
  const value = fields[name];
  if (typeof value !== 'number' && typeof value !== 'boolean') throw refused(`${name} is missing`);
  return value;
}

/** More decimals no currency of ISO 4217 has, and Decimal(38, 4) shows no more. */
const EXPONENT_MAX = 4;
/** Sums are wider than 64 bits, but stay below what Decimal(38, 4) shows. */
const MINOR_DIGITS_MAX = 33;
const AMOUNT = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The currency's decimals: the ledger writes every amount with exactly these. */
function decimalsOf(fields: Fields, name: string): number {
  const amount = text(fields, name);
  const point = amount.indexOf('.');
  const decimals = point < 0 ? 0 : amount.length - 1 - point;
  if (decimals > EXPONENT_MAX) throw refused(`${name} ${amount} has more than ${EXPONENT_MAX} decimals`);
  return decimals;
}

/** The minor units of an amount with exactly these decimals; wide sums and negative balances too. */
function minor(fields: Fields, name: string, exponent: number): bigint {
  const amount = text(fields, name);
  const [, sign, whole, decimals = ''] = AMOUNT.exec(amount) ?? [];
  if (whole === undefined || decimals.length !== exponent)
    throw refused(`${name} ${amount} is not an amount with ${exponent} decimals`);
  if (whole.length + exponent > MINOR_DIGITS_MAX) throw refused(`${name} ${amount} is out of range`);
  return BigInt(`${sign}${whole}${decimals}`);
}

function refused(message: string): HeadraceError {
  return new HeadraceError('SINK_ROW_REFUSED', message);
}
