-- A merge writes the rows of several parts into one and removes these at once. Without a sync a power cut some seconds later took
-- rows that had been safe on disk since their insert.

ALTER TABLE headrace.account_daily_summary_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.balances_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.dead_letters_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.failed_dispenses_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.postings_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.reconciliation_cases_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.rejected_case_commands_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.rejected_transactions_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.rejected_withdrawals_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.transactions_by_id_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.transactions_by_reference_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.transactions_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
ALTER TABLE headrace.withdrawals_rows MODIFY SETTING min_rows_to_fsync_after_merge = 1;
