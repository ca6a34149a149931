-- The ledger's tables. Base tables end in _rows and are written by the sink alone; readers use the views of 002.
-- Every table is a ReplacingMergeTree whose key ends in a stable sequence or version, so that a row that comes twice is
-- one row. The deduplication window drops a repeated insert before that; it counts parts, and loaded history writes one
-- for each month.

CREATE TABLE IF NOT EXISTS headrace.transactions_rows
(
    transaction_id String COMMENT 'The producer''s identity of the transaction, unique within the account',
    account_id String COMMENT 'The account',
    direction LowCardinality(String) COMMENT 'credit or debit',
    amount_minor Int64 COMMENT 'Amount in minor units, above zero',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time' CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String) COMMENT 'posting: a settled fact; request: refused where funds are short',
    channel LowCardinality(String) COMMENT 'How it came to be; empty where unknown',
    counterparty String COMMENT 'The other side; empty where unknown',
    description String COMMENT 'Free text; empty where there is none',
    reference String COMMENT 'The producer''s reference; empty where there is none',
    sequence UInt64 COMMENT 'Number within the account, from 1 without a gap' CODEC(Delta, ZSTD(1)),
    balance_after_minor Int64 COMMENT 'Booked balance in this currency after the transaction, in minor units',
    available_after_minor Int64 COMMENT 'Available balance in this currency after the transaction, in minor units',
    is_overdrawn Bool COMMENT 'Whether the balance after it is below what the account may go to',
    source_topic LowCardinality(String) COMMENT 'Topic of the input record',
    source_partition UInt32 COMMENT 'Partition of the input record',
    source_offset UInt64 COMMENT 'Offset of the input record' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Accepted transactions, one row each once merged; read the view transactions';

CREATE TABLE IF NOT EXISTS headrace.transactions_by_id_rows
(
    transaction_id String COMMENT 'The producer''s identity of the transaction',
    account_id String COMMENT 'The account',
    sequence UInt64 COMMENT 'Number within the account',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time; it names the partition of the transaction'
)
ENGINE = ReplacingMergeTree
ORDER BY (transaction_id, account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Finds transactions by their id; read the view transactions_by_id';

CREATE MATERIALIZED VIEW IF NOT EXISTS headrace.transactions_by_id_feed TO headrace.transactions_by_id_rows
AS SELECT transaction_id, account_id, sequence, occurred_at FROM headrace.transactions_rows;

CREATE TABLE IF NOT EXISTS headrace.postings_rows
(
    transaction_id String COMMENT 'The transaction it belongs to',
    account_id String COMMENT 'The customer account of the transaction',
    sequence UInt64 COMMENT 'Sequence of the transaction within the account' CODEC(Delta, ZSTD(1)),
    leg UInt32 COMMENT 'Number of the leg within the transaction',
    ledger_account String COMMENT 'The account of the general ledger that the leg books on',
    direction LowCardinality(String) COMMENT 'credit or debit',
    amount_minor Int64 COMMENT 'Amount in minor units',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time of the transaction' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (account_id, sequence, leg)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Legs of the double entry; read the view postings';

CREATE TABLE IF NOT EXISTS headrace.balances_rows
(
    account_id String COMMENT 'The account',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    booked_minor Int64 COMMENT 'Booked balance in minor units',
    held_minor Int64 COMMENT 'Held amounts in minor units',
    available_minor Int64 COMMENT 'Available balance in minor units',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    sequence UInt64 COMMENT 'Sequence of the account''s last transaction; the greatest row counts',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time of the account''s last transaction'
)
ENGINE = ReplacingMergeTree(sequence)
ORDER BY (account_id, currency)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Balances with their history until merged; read the view balances';

CREATE TABLE IF NOT EXISTS headrace.account_daily_summary_rows
(
    account_id String COMMENT 'The account',
    day Date32 COMMENT 'Day of the event time',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    credits_minor Int128 COMMENT 'Sum of the day''s credits in minor units',
    debits_minor Int128 COMMENT 'Sum of the day''s debits in minor units',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    transaction_count UInt64 COMMENT 'Transactions of the day',
    version UInt64 COMMENT 'Sequence of the last transaction in it; the greatest row counts'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(day)
ORDER BY (account_id, day, currency)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Absolute totals of a day with their history until merged; read the view account_daily_summary';

CREATE TABLE IF NOT EXISTS headrace.rejected_transactions_rows
(
    source_topic LowCardinality(String) COMMENT 'Topic of the input record',
    source_partition UInt32 COMMENT 'Partition of the input record',
    source_offset UInt64 COMMENT 'Offset of the input record',
    code LowCardinality(String) COMMENT 'The rule that refused it',
    reason String COMMENT 'The same in words',
    transaction_id String COMMENT 'Identity of the transaction as read',
    account_id String COMMENT 'The account as read',
    transaction String COMMENT 'The input as read, as JSON, card numbers masked',
    recorded_at DateTime64(3, 'UTC') COMMENT 'Timestamp of the record'
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Refused transactions; read the view rejected_transactions';

CREATE TABLE IF NOT EXISTS headrace.dead_letters_rows
(
    source_topic LowCardinality(String) COMMENT 'Topic of the record that failed',
    source_partition UInt32 COMMENT 'Partition of the record that failed',
    source_offset UInt64 COMMENT 'Offset of the record that failed',
    error String COMMENT 'Kind of the error',
    message String COMMENT 'Its text',
    stacktrace String COMMENT 'Where it came from',
    key Nullable(String) COMMENT 'The key''s bytes',
    value Nullable(String) COMMENT 'The value''s bytes',
    header_names Array(String) COMMENT 'Names of the record''s own headers, in order',
    header_values Array(Nullable(String)) COMMENT 'Their values'' bytes',
    dead_letter_topic LowCardinality(String) COMMENT 'Topic of the dead letter',
    dead_letter_partition UInt32 COMMENT 'Partition of the dead letter',
    dead_letter_offset UInt64 COMMENT 'Offset of the dead letter',
    recorded_at DateTime64(3, 'UTC') COMMENT 'Timestamp of the record'
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Records that could not be processed; read the view dead_letters';
