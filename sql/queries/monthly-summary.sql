-- Credits, debits and number of transactions of an account for each month and currency, from the daily summary: by the
-- day of the event time in the bank's own time zone. Only days within from and until count, so give first days
-- of months for whole months. A month without transactions has no row.
--
-- Parameters:
--   account: the account
--   from: first day
--   until: the day behind the last
-- Columns:
--   month: the month, as 2024-03
--   currency: ISO 4217 code
--   credits: sum of the month's credits
--   debits: sum of the month's debits
--   transaction_count: transactions of the month
--   active_days: days with transactions
SELECT
    substring(toString(day), 1, 7) AS month,
    currency,
    toDecimal128(sum(toInt128(credits_minor * intExp10(4 - exponent))), 0) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(sum(toInt128(debits_minor * intExp10(4 - exponent))), 0) * toDecimal32('0.0001', 4) AS debits,
    sum(rows.transaction_count) AS transaction_count,
    count() AS active_days
FROM headrace.account_daily_summary_rows AS rows FINAL
WHERE account_id = {account:String} AND day >= {from:Date32} AND day < {until:Date32}
GROUP BY month, currency
ORDER BY month, currency
