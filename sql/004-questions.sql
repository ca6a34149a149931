-- What the questions in queries/ need to be as quick at a billion rows as at a million. A question about one account or
-- one transaction reads one granule of each part that it touches, so granules are small here: 8,192 rows, the default, would
-- be read for ten. The tables are made anew from what they hold, which runs again from its start after a crash.

CREATE OR REPLACE TABLE headrace.transactions_rows
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
    source_offset UInt64 COMMENT 'Offset of the input record' CODEC(Delta, ZSTD(1)),
    recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in; its age, not that of the event, is what tiers go by' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 1024
COMMENT 'Accepted transactions, one row each once merged; read the view transactions'
AS SELECT
    transaction_id, account_id, direction, amount_minor, exponent, currency, occurred_at, kind, channel, counterparty,
    description, reference, sequence, balance_after_minor, available_after_minor, is_overdrawn, source_topic,
    source_partition, source_offset, now() AS recorded_at
FROM headrace.transactions_rows
SETTINGS max_partitions_per_insert_block = 0;

CREATE OR REPLACE TABLE headrace.transactions_by_id_rows
(
    transaction_id String COMMENT 'The producer''s identity of the transaction',
    account_id String COMMENT 'The account',
    sequence UInt64 COMMENT 'Number within the account',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time; it names the partition of the transaction'
)
ENGINE = ReplacingMergeTree
ORDER BY (transaction_id, account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 512
COMMENT 'Finds transactions by their id; read the view transactions_by_id'
AS SELECT transaction_id, account_id, sequence, occurred_at
FROM headrace.transactions_rows;

CREATE OR REPLACE TABLE headrace.transactions_by_reference_rows
(
    reference String COMMENT 'The producer''s reference, never empty',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time; it names the partition of the transaction',
    account_id String COMMENT 'The account',
    sequence UInt64 COMMENT 'Number within the account'
)
ENGINE = ReplacingMergeTree
ORDER BY (reference, occurred_at, account_id, sequence)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 512
COMMENT 'Finds transactions by their reference, in the order of time; read the view transactions_by_reference'
AS SELECT reference, occurred_at, account_id, sequence
FROM headrace.transactions_rows
WHERE reference != '';

CREATE MATERIALIZED VIEW IF NOT EXISTS headrace.transactions_by_reference_feed TO headrace.transactions_by_reference_rows
AS SELECT reference, occurred_at, account_id, sequence FROM headrace.transactions_rows WHERE reference != '';

CREATE VIEW IF NOT EXISTS headrace.transactions_by_reference AS
SELECT reference, occurred_at, account_id, sequence
FROM headrace.transactions_by_reference_rows FINAL
COMMENT 'Finds account, sequence and time of transactions by their reference';

CREATE OR REPLACE TABLE headrace.balances_rows
(
    account_id String COMMENT 'The account',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    booked_minor Int64 COMMENT 'Booked balance in minor units',
    held_minor Int64 COMMENT 'Held amounts in minor units',
    available_minor Int64 COMMENT 'Available balance in minor units',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    sequence UInt64 COMMENT 'Sequence of the account''s last transaction',
    version UInt64 COMMENT 'Number of the account''s last change, by a transaction or a hold; the greatest row counts',
    occurred_at DateTime64(3, 'UTC') COMMENT 'Event time of the account''s last change'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (account_id, currency)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 512
COMMENT 'Balances with their history until merged; read the view balances'
AS SELECT account_id, currency, booked_minor, held_minor, available_minor, exponent, sequence, version, occurred_at
FROM headrace.balances_rows;

-- Cut by years: a year's summary would touch twelve months, and each costs granules of its own.
CREATE OR REPLACE TABLE headrace.account_daily_summary_rows
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
PARTITION BY toYear(day)
ORDER BY (account_id, day, currency)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 512
COMMENT 'Absolute totals of a day with their history until merged; read the view account_daily_summary'
AS SELECT account_id, day, currency, credits_minor, debits_minor, exponent, transaction_count, version
FROM headrace.account_daily_summary_rows
SETTINGS max_partitions_per_insert_block = 0;
