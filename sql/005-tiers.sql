-- When each row came in, for tiers and retention go by that (docs/CLICKHOUSE.md); what is there counts from this migration on.
-- The volumes and times are settings and stand in no migration. Tables of what is refused name the time of the record
-- recorded_at, which is the sender's word.

ALTER TABLE headrace.transactions_by_id_rows ADD COLUMN IF NOT EXISTS recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.transactions_by_id_rows MATERIALIZE COLUMN recorded_at;
ALTER TABLE headrace.transactions_by_reference_rows ADD COLUMN IF NOT EXISTS recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.transactions_by_reference_rows MATERIALIZE COLUMN recorded_at;
ALTER TABLE headrace.postings_rows ADD COLUMN IF NOT EXISTS recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.postings_rows MATERIALIZE COLUMN recorded_at;
ALTER TABLE headrace.failed_dispenses_rows ADD COLUMN IF NOT EXISTS recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.failed_dispenses_rows MATERIALIZE COLUMN recorded_at;
ALTER TABLE headrace.withdrawals_rows ADD COLUMN IF NOT EXISTS recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.withdrawals_rows MATERIALIZE COLUMN recorded_at;
ALTER TABLE headrace.reconciliation_cases_rows ADD COLUMN IF NOT EXISTS recorded_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.reconciliation_cases_rows MATERIALIZE COLUMN recorded_at;
ALTER TABLE headrace.rejected_transactions_rows ADD COLUMN IF NOT EXISTS taken_in_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.rejected_transactions_rows MATERIALIZE COLUMN taken_in_at;
ALTER TABLE headrace.rejected_withdrawals_rows ADD COLUMN IF NOT EXISTS taken_in_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.rejected_withdrawals_rows MATERIALIZE COLUMN taken_in_at;
ALTER TABLE headrace.rejected_case_commands_rows ADD COLUMN IF NOT EXISTS taken_in_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.rejected_case_commands_rows MATERIALIZE COLUMN taken_in_at;
ALTER TABLE headrace.dead_letters_rows ADD COLUMN IF NOT EXISTS taken_in_at DateTime('UTC') DEFAULT now() COMMENT 'When the row came in' CODEC(Delta, ZSTD(1));
ALTER TABLE headrace.dead_letters_rows MATERIALIZE COLUMN taken_in_at;

CREATE VIEW IF NOT EXISTS headrace.storage_tiers AS
SELECT
    parts.table AS table_name,
    if(volumes.volume_name = 'default', 'hot', volumes.volume_name) AS tier,
    count() AS parts,
    sum(parts.rows) AS stored_rows,
    sum(parts.bytes_on_disk) AS bytes
FROM system.parts AS parts
INNER JOIN system.tables AS tables ON tables.database = parts.database AND tables.name = parts.table
INNER JOIN (SELECT policy_name, volume_name, arrayJoin(disks) AS disk FROM system.storage_policies) AS volumes
    ON volumes.policy_name = tables.storage_policy AND volumes.disk = parts.disk_name
WHERE parts.active AND parts.rows > 0 AND parts.database = 'headrace'
GROUP BY table_name, tier
COMMENT 'What lies in which tier of the storage: parts, rows (with those not yet merged away) and bytes of each table on this server';
