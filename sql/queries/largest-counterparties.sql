-- The counterparties with whom an account moved most in a period, for each currency. Transactions without a counterparty do
-- not count.
--
-- Parameters:
--   account: the account
--   from: transactions that occurred at it count
--   until: transactions that occurred at it do not count
--   limit = 10 (1..1000): counterparties at most, in each currency
-- Columns:
--   currency: ISO 4217 code
--   counterparty: the other side
--   moved: credits and debits together, by which they are ordered
--   credits: sum of what came from it
--   debits: sum of what went to it
--   transaction_count: transactions with it
SELECT
    currency,
    counterparty,
    toDecimal128(sum(units), 0) * toDecimal32('0.0001', 4) AS moved,
    toDecimal128(sumIf(units, direction = 'credit'), 0) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(sumIf(units, direction = 'debit'), 0) * toDecimal32('0.0001', 4) AS debits,
    count() AS transaction_count
FROM
(
    SELECT currency, counterparty, direction, toInt128(toInt128(amount_minor) * intExp10(4 - exponent)) AS units
    FROM headrace.transactions_rows FINAL
    WHERE account_id = {account:String} AND counterparty != ''
      AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {until:DateTime64(3, 'UTC')}
)
GROUP BY currency, counterparty
ORDER BY currency, moved DESC, counterparty
LIMIT {limit:UInt32} BY currency
