-- What readers use: one row for each thing, money as Decimal(38, 4). Minor units times 10^(4 - exponent) times 0.0001 is
-- exact: a Decimal128 of scale 0 times one of scale 4, and 2^63 minor units of a currency without decimals have 23 digits.

CREATE VIEW IF NOT EXISTS headrace.transactions AS
SELECT
    transaction_id,
    account_id,
    direction,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    currency,
    occurred_at,
    kind,
    channel,
    counterparty,
    description,
    reference,
    sequence,
    toDecimal128(balance_after_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS balance_after,
    toDecimal128(available_after_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS available_after,
    is_overdrawn,
    source_topic,
    source_partition,
    source_offset
FROM headrace.transactions_rows FINAL
COMMENT 'Accepted transactions: one row each, in the order of sequence within an account';

CREATE VIEW IF NOT EXISTS headrace.transactions_by_id AS
SELECT transaction_id, account_id, sequence, occurred_at
FROM headrace.transactions_by_id_rows FINAL
COMMENT 'Finds account, sequence and time of a transaction by its id';

CREATE VIEW IF NOT EXISTS headrace.postings AS
SELECT
    transaction_id,
    account_id,
    sequence,
    leg,
    ledger_account,
    direction,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    currency,
    occurred_at
FROM headrace.postings_rows FINAL
COMMENT 'Legs of the double entry: credits and debits of a transaction are equal in each currency';

CREATE VIEW IF NOT EXISTS headrace.balances AS
SELECT
    account_id,
    currency,
    toDecimal128(booked_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS booked,
    toDecimal128(held_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS held,
    toDecimal128(available_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS available,
    sequence,
    occurred_at
FROM headrace.balances_rows FINAL
COMMENT 'The present balance of each account in each of its currencies';

CREATE VIEW IF NOT EXISTS headrace.account_daily_summary AS
SELECT
    account_id,
    day,
    currency,
    toDecimal128(credits_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(debits_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS debits,
    transaction_count AS count
FROM headrace.account_daily_summary_rows FINAL
COMMENT 'Credits, debits and number of transactions of an account, a day (of event time) and a currency';

CREATE VIEW IF NOT EXISTS headrace.rejected_transactions AS
SELECT code, reason, transaction_id, account_id, transaction, source_topic, source_partition, source_offset, recorded_at
FROM headrace.rejected_transactions_rows FINAL
COMMENT 'Transactions that a rule refused, with the rule''s code';

CREATE VIEW IF NOT EXISTS headrace.dead_letters AS
SELECT
    source_topic,
    source_partition,
    source_offset,
    error,
    message,
    stacktrace,
    toValidUTF8(key) AS key,
    toValidUTF8(value) AS value,
    dead_letter_topic,
    dead_letter_partition,
    dead_letter_offset,
    recorded_at
FROM headrace.dead_letters_rows FINAL
COMMENT 'Records that could not be processed, with the error; the bytes as they came are in dead_letters_rows';
