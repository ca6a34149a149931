-- The balance of an account at a moment, in each of its currencies. It is said in both terms: balance is that of event time, the sum
-- of everything that had occurred by then, also of what was entered late; balance_after is that of the ledger, what the last
-- of these transactions, by sequence, left. The two differ only where something was entered late: balance_after then holds what
-- was posted before it and occurred after the moment.
--
-- Parameters:
--   account: the account
--   moment: transactions that occurred at it count
-- Columns:
--   currency: ISO 4217 code
--   balance: sum of the transactions by then, debits below zero
--   balance_after: booked balance after the last of them, by sequence
--   last_sequence: sequence of the last of them
--   last_occurred_at: latest event time of them
--   transaction_count: their number
SELECT
    currency,
    toDecimal128(sum(toInt128(toInt128(if(direction = 'credit', amount_minor, -amount_minor)) * intExp10(4 - exponent))), 0) * toDecimal32('0.0001', 4) AS balance,
    argMax(toDecimal128(balance_after_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4), sequence) AS balance_after,
    max(sequence) AS last_sequence,
    fromUnixTimestamp64Milli(max(toUnixTimestamp64Milli(occurred_at)), 'UTC') AS last_occurred_at,
    count() AS transaction_count
FROM headrace.transactions_rows FINAL
WHERE account_id = {account:String} AND occurred_at <= {moment:DateTime64(3, 'UTC')}
GROUP BY currency
ORDER BY currency
