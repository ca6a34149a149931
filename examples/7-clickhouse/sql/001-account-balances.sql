-- The key ends in what grows with each change, so that a row that comes twice is one row.
CREATE TABLE IF NOT EXISTS headrace.account_balances_rows
(
    account_id String COMMENT 'The account',
    cents Int64 COMMENT 'Its balance in cents',
    version UInt64 COMMENT 'Grows with each change; the greatest counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY account_id
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1
COMMENT 'Balances by account; read the view account_balances';

CREATE VIEW IF NOT EXISTS headrace.account_balances AS
SELECT account_id, cents / 100 AS balance FROM headrace.account_balances_rows FINAL;
