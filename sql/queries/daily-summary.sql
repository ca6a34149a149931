-- Credits, debits and number of transactions of an account for each day and currency: absolute rows that the ledger
-- writes, by the day of the event time in the bank's own time zone. A day without transactions has no row.
--
-- Parameters:
--   account: the account
--   from: first day
--   until: the day behind the last
-- Columns:
--   day: the day
--   currency: ISO 4217 code
--   credits: sum of the day's credits
--   debits: sum of the day's debits
--   transaction_count: transactions of the day
SELECT
    day,
    currency,
    toDecimal128(credits_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(debits_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS debits,
    transaction_count
FROM headrace.account_daily_summary_rows FINAL
WHERE account_id = {account:String} AND day >= {from:Date32} AND day < {until:Date32}
ORDER BY day, currency
