-- Withdrawals, failed dispenses and the cases of reconciliation; tables and views are made as in 001 and 002. The month by
-- which a table is cut is of a time that never changes for its key: rows are replaced within a month only.

-- A hold changes a balance without a transaction: from now on the version counts, not the sequence. Rows from before have
-- their sequence as version, which every later version of the account is above.
ALTER TABLE headrace.balances_rows ADD COLUMN IF NOT EXISTS version UInt64 DEFAULT sequence;

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
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Balances with their history until merged; read the view balances'
AS SELECT account_id, currency, booked_minor, held_minor, available_minor, exponent, sequence, version, occurred_at
FROM headrace.balances_rows;

CREATE TABLE IF NOT EXISTS headrace.withdrawals_rows
(
    withdrawal_id String COMMENT 'The producer''s identity of the withdrawal',
    account_id String COMMENT 'The account',
    terminal_id String COMMENT 'The terminal',
    amount_minor Int64 COMMENT 'What was asked for, in minor units',
    taken_minor Int64 COMMENT 'What is posted to the account as taken, in minor units',
    reversed_minor Int64 COMMENT 'What was held and is given back, in minor units',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    currency LowCardinality(String) COMMENT 'ISO 4217 code',
    reference String COMMENT 'The producer''s reference; empty where there is none',
    requested_at DateTime64(3, 'UTC') COMMENT 'When it was asked for, as the terminal says; held within 1900 to 2299',
    state LowCardinality(String) COMMENT 'Where it stands: REQUESTED, AUTHORISED, DISPENSED, UNKNOWN, REVERSED and others',
    code LowCardinality(String) COMMENT 'The rule that refused it; empty where none did',
    reason String COMMENT 'The same in words, or what is wrong',
    case_id String COMMENT 'Its case; empty where there is none',
    history String COMMENT 'What happened to it, as JSON: event, state, time, topic, partition and offset of each',
    version UInt64 COMMENT 'Number of the last change; the greatest row counts',
    updated_at DateTime64(3, 'UTC') COMMENT 'Time of the last change'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(requested_at)
ORDER BY withdrawal_id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Withdrawals with their history until merged; read the view withdrawals';

CREATE TABLE IF NOT EXISTS headrace.failed_dispenses_rows
(
    terminal_id String COMMENT 'The terminal',
    withdrawal_id String COMMENT 'The withdrawal',
    number UInt32 COMMENT 'Number of the report within the withdrawal, from 1',
    account_id String COMMENT 'The account; empty for results of a withdrawal that never came',
    outcome LowCardinality(String) COMMENT 'What it is about: NOT_DISPENSED, PARTIAL, RETRACTED, UNKNOWN, LATE_SUCCESS, CONTRADICTION or ORPHAN',
    reason String COMMENT 'The same in words',
    amount_minor Int64 COMMENT 'What was asked for, in minor units',
    taken_minor Int64 COMMENT 'What the terminal''s word proves as taken, in minor units',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    currency LowCardinality(String) COMMENT 'ISO 4217 code; empty where no withdrawal is known',
    is_posted Bool COMMENT 'Whether the whole amount had been posted by then',
    occurred_at DateTime64(3, 'UTC') COMMENT 'When it happened, as the terminal says; held within 1900 to 2299'
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (terminal_id, withdrawal_id, number)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Dispenses that failed or are in doubt, one row each once merged; read the view failed_dispenses';

CREATE TABLE IF NOT EXISTS headrace.reconciliation_cases_rows
(
    case_id String COMMENT 'The case; a withdrawal has one at most',
    withdrawal_id String COMMENT 'The withdrawal it is about',
    account_id String COMMENT 'The account; empty where none is known',
    terminal_id String COMMENT 'The terminal',
    kind LowCardinality(String) COMMENT 'Why it was opened: unknown-outcome, retracted, re-debit, contradiction, orphan or parked',
    status LowCardinality(String) COMMENT 'open, assigned, proposed, resolving or resolved',
    reason String COMMENT 'What is wrong, in words',
    amount_minor Int64 COMMENT 'What was asked for, in minor units',
    taken_minor Int64 COMMENT 'What the terminal''s word proves as taken, in minor units',
    posted_minor Nullable(Int64) COMMENT 'What is posted to the account as taken, in minor units; null while the amount is held',
    moved_minor Nullable(Int64) COMMENT 'What the resolution moved, in minor units, signed as the customer sees it; null before',
    exponent UInt8 COMMENT 'Decimals of the currency (ISO 4217) when the row was written',
    currency LowCardinality(String) COMMENT 'ISO 4217 code; empty where no withdrawal is known',
    assignee String COMMENT 'The person who has it; empty where nobody has',
    decision LowCardinality(String) COMMENT 'refund, re-debit, dismiss or by-rule: proposed or resolved; empty before',
    persons Array(String) COMMENT 'Who decided, in order',
    serial_number String COMMENT 'Of a refund; empty for all others',
    history String COMMENT 'What happened, as JSON: event, state, time, person, topic, partition and offset of each',
    version UInt64 COMMENT 'Number of the last change; the greatest row counts',
    opened_at DateTime64(3, 'UTC') COMMENT 'When it was opened',
    updated_at DateTime64(3, 'UTC') COMMENT 'Time of the last change'
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(opened_at)
ORDER BY case_id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Cases of reconciliation with their history until merged; read the view reconciliation_cases';

CREATE TABLE IF NOT EXISTS headrace.rejected_withdrawals_rows
(
    source_topic LowCardinality(String) COMMENT 'Topic of the input record',
    source_partition UInt32 COMMENT 'Partition of the input record',
    source_offset UInt64 COMMENT 'Offset of the input record',
    code LowCardinality(String) COMMENT 'The rule that refused it',
    reason String COMMENT 'The same in words',
    withdrawal_id String COMMENT 'The withdrawal as read',
    record String COMMENT 'The input as read, as JSON, card numbers masked',
    recorded_at DateTime64(3, 'UTC') COMMENT 'Timestamp of the record'
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Refused withdrawals and dispense results; read the view rejected_withdrawals';

CREATE TABLE IF NOT EXISTS headrace.rejected_case_commands_rows
(
    source_topic LowCardinality(String) COMMENT 'Topic of the command',
    source_partition UInt32 COMMENT 'Partition of the command',
    source_offset UInt64 COMMENT 'Offset of the command',
    code LowCardinality(String) COMMENT 'The rule that refused it',
    reason String COMMENT 'The same in words',
    command_id String COMMENT 'The command as read',
    case_id String COMMENT 'The case as read',
    recorded_at DateTime64(3, 'UTC') COMMENT 'Timestamp of the record'
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Refused commands of persons about cases; read the view rejected_case_commands';

CREATE VIEW IF NOT EXISTS headrace.withdrawals AS
SELECT
    withdrawal_id,
    account_id,
    terminal_id,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    toDecimal128(taken_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS taken,
    toDecimal128(reversed_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS reversed,
    currency,
    reference,
    requested_at,
    state,
    code,
    reason,
    case_id,
    history,
    updated_at
FROM headrace.withdrawals_rows FINAL
COMMENT 'Withdrawals at terminals, each with its present state';

CREATE VIEW IF NOT EXISTS headrace.failed_dispenses AS
SELECT
    terminal_id,
    withdrawal_id,
    number,
    account_id,
    outcome,
    reason,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    toDecimal128(taken_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS taken,
    currency,
    is_posted,
    occurred_at
FROM headrace.failed_dispenses_rows FINAL
COMMENT 'What went to reconciliation: dispenses that failed, came out in part, or are in doubt';

CREATE VIEW IF NOT EXISTS headrace.reconciliation_cases AS
SELECT
    case_id,
    withdrawal_id,
    account_id,
    terminal_id,
    kind,
    status,
    reason,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    toDecimal128(taken_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS taken,
    toDecimal128(posted_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS posted,
    toDecimal128(moved_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS moved,
    currency,
    assignee,
    decision,
    persons,
    serial_number,
    history,
    opened_at,
    updated_at
FROM headrace.reconciliation_cases_rows FINAL
COMMENT 'Cases that a person settles, each as it stands';

CREATE VIEW IF NOT EXISTS headrace.rejected_withdrawals AS
SELECT code, reason, withdrawal_id, record, source_topic, source_partition, source_offset, recorded_at
FROM headrace.rejected_withdrawals_rows FINAL
COMMENT 'Withdrawals and dispense results that a rule refused, with the rule''s code';

CREATE VIEW IF NOT EXISTS headrace.rejected_case_commands AS
SELECT code, reason, command_id, case_id, source_topic, source_partition, source_offset, recorded_at
FROM headrace.rejected_case_commands_rows FINAL
COMMENT 'Commands about cases that a rule refused, with the rule''s code';
