-- Totals of the general ledger for each day (UTC, by event time), account of the ledger and currency. The customers' accounts
-- stand together as customer. In each currency credits and debits of a day are equal. It reads every posting of the months that the
-- period touches.
--
-- Parameters:
--   from: first day
--   until: the day behind the last
-- Columns:
--   day: the day
--   ledger_account: the account of the ledger, or customer for all accounts of customers
--   currency: ISO 4217 code
--   credits: sum of the credits
--   debits: sum of the debits
--   balance: credits less debits
--   posting_count: postings
SELECT
    toDate32(occurred_at) AS day,
    if(startsWith(rows.ledger_account, 'customer:'), 'customer', rows.ledger_account) AS ledger_account,
    currency,
    toDecimal128(sumIf(units, direction = 'credit'), 0) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(sumIf(units, direction = 'debit'), 0) * toDecimal32('0.0001', 4) AS debits,
    credits - debits AS balance,
    count() AS posting_count
FROM
(
    SELECT ledger_account, currency, direction, occurred_at, toInt128(toInt128(amount_minor) * intExp10(4 - exponent)) AS units
    FROM headrace.postings_rows FINAL
    WHERE occurred_at >= {from:Date32} AND occurred_at < {until:Date32}
) AS rows
GROUP BY day, ledger_account, currency
ORDER BY day, ledger_account, currency
