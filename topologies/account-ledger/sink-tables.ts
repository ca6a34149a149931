import {
  cells,
  columns,
  deadLetterTable,
  fieldsOf,
  fieldTable,
  objectField,
  optionalTextField,
  plainField,
  type SinkTable,
  textField,
} from 'headrace';

const TEXT = 'LowCardinality(String)';
const TIME = "DateTime64(3, 'UTC')";

const transactions = fieldTable({
  topic: 'ledger.transactions',
  table: 'headrace.transactions_rows',
  hasUniqueKeys: true,
  columns: {
    transaction_id: ['String', cells.text('transactionId')],
    account_id: ['String', cells.text('accountId')],
    direction: [TEXT, cells.text('direction')],
    amount_minor: ['Int64', cells.minor('amount')],
    exponent: ['UInt8', cells.decimals('amount')],
    currency: [TEXT, cells.text('currency')],
    occurred_at: [TIME, cells.text('occurredAt')],
    kind: [TEXT, cells.text('kind')],
    channel: [TEXT, cells.optionalText('channel')],
    counterparty: ['String', cells.optionalText('counterparty')],
    description: ['String', cells.optionalText('description')],
    reference: ['String', cells.optionalText('reference')],
    sequence: ['UInt64', cells.plain('sequence')],
    balance_after_minor: ['Int64', cells.minor('balanceAfter', 'amount')],
    available_after_minor: ['Int64', cells.minor('availableAfter', 'amount')],
    is_overdrawn: ['Bool', cells.plain('isOverdrawn')],
    source_topic: [TEXT, cells.text('source.topic')],
    source_partition: ['UInt32', cells.plain('source.partition')],
    source_offset: ['UInt64', cells.plain('source.offset')],
  },
});

const postings = fieldTable({
  topic: 'postings',
  table: 'headrace.postings_rows',
  hasUniqueKeys: true,
  columns: {
    transaction_id: ['String', cells.text('transactionId')],
    account_id: ['String', cells.text('accountId')],
    sequence: ['UInt64', cells.plain('sequence')],
    leg: ['UInt32', cells.plain('leg')],
    ledger_account: ['String', cells.text('ledgerAccount')],
    direction: [TEXT, cells.text('direction')],
    amount_minor: ['Int64', cells.minor('amount')],
    exponent: ['UInt8', cells.decimals('amount')],
    currency: [TEXT, cells.text('currency')],
    occurred_at: [TIME, cells.text('occurredAt')],
  },
});

const balances = fieldTable({
  topic: 'balances',
  table: 'headrace.balances_rows',
  skipsTombstones: true,
  columns: {
    account_id: ['String', cells.text('accountId')],
    currency: [TEXT, cells.text('balances[].currency')],
    booked_minor: ['Int64', cells.minor('balances[].booked')],
    held_minor: ['Int64', cells.minor('balances[].held', 'balances[].booked')],
    available_minor: ['Int64', cells.minor('balances[].available', 'balances[].booked')],
    exponent: ['UInt8', cells.decimals('balances[].booked')],
    sequence: ['UInt64', cells.plain('sequence')],
    // Before there were holds every change was a transaction.
    version: ['UInt64', cells.plain('version', 'sequence')],
    occurred_at: [TIME, cells.text('occurredAt')],
  },
});

const dailySummary = fieldTable({
  topic: 'ledger.daily-summary',
  table: 'headrace.account_daily_summary_rows',
  skipsTombstones: true,
  columns: {
    account_id: ['String', cells.text('accountId')],
    day: ['Date32', cells.text('day')],
    currency: [TEXT, cells.text('currency')],
    credits_minor: ['Int128', cells.minor('credits')],
    debits_minor: ['Int128', cells.minor('debits', 'credits')],
    exponent: ['UInt8', cells.decimals('credits')],
    transaction_count: ['UInt64', cells.plain('count')],
    version: ['UInt64', cells.plain('version')],
  },
});

const rejected: SinkTable = {
  topic: 'transactions.rejected',
  table: 'headrace.rejected_transactions_rows',
  hasUniqueKeys: true,
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
