import {
  columns,
  deadLetterTable,
  decimalsOf,
  fieldsOf,
  listField,
  minorField,
  objectField,
  optionalTextField,
  plainField,
  type SinkTable,
  textField,
} from 'headrace';

const TEXT = 'LowCardinality(String)';
const TIME = "DateTime64(3, 'UTC')";

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
    const source = objectField(value, 'source');
    return [
      [
        textField(value, 'transactionId'),
        textField(value, 'accountId'),
        textField(value, 'direction'),
        minorField(value, 'amount', exponent),
        exponent,
        textField(value, 'currency'),
        textField(value, 'occurredAt'),
        textField(value, 'kind'),
        optionalTextField(value, 'channel'),
        optionalTextField(value, 'counterparty'),
        optionalTextField(value, 'description'),
        optionalTextField(value, 'reference'),
        plainField(value, 'sequence'),
        minorField(value, 'balanceAfter', exponent),
        minorField(value, 'availableAfter', exponent),
        plainField(value, 'isOverdrawn'),
        textField(source, 'topic'),
        plainField(source, 'partition'),
        plainField(source, 'offset'),
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
        textField(value, 'transactionId'),
        textField(value, 'accountId'),
        plainField(value, 'sequence'),
        plainField(value, 'leg'),
        textField(value, 'ledgerAccount'),
        textField(value, 'direction'),
        minorField(value, 'amount', exponent),
        exponent,
        textField(value, 'currency'),
        textField(value, 'occurredAt'),
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
    version: 'UInt64',
    occurred_at: TIME,
  }),
  rows: (record) => {
    if (record.bytes === null) return [];
    const value = fieldsOf(record);
    // Before there were holds every change was a transaction.
    const version = plainField(value, value.version === undefined ? 'sequence' : 'version');
    return listField(value, 'balances').map((balance) => {
      const exponent = decimalsOf(balance, 'booked');
      return [
        textField(value, 'accountId'),
        textField(balance, 'currency'),
        minorField(balance, 'booked', exponent),
        minorField(balance, 'held', exponent),
        minorField(balance, 'available', exponent),
        exponent,
        plainField(value, 'sequence'),
        version,
        textField(value, 'occurredAt'),
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
        textField(value, 'accountId'),
        textField(value, 'day'),
        textField(value, 'currency'),
        minorField(value, 'credits', exponent),
        minorField(value, 'debits', exponent),
        exponent,
        plainField(value, 'count'),
        plainField(value, 'version'),
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
    const source = objectField(value, 'source');
    return [
      [
        textField(source, 'topic'),
        plainField(source, 'partition'),
        plainField(source, 'offset'),
        textField(value, 'code'),
        optionalTextField(value, 'reason'),
        optionalTextField(value, 'transactionId'),
        optionalTextField(value, 'accountId'),
        JSON.stringify(value.transaction ?? null),
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
  deadLetterTable('transactions.dlq'),
  deadLetterTable('accounts.dlq'),
];
