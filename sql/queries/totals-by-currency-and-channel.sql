-- Credits, debits and number of transactions of all accounts in a period, for each currency and channel. It reads every
-- transaction of the months that the period touches.
--
-- Parameters:
--   from: transactions that occurred at it count
--   until: transactions that occurred at it do not count
-- Columns:
--   currency: ISO 4217 code
--   channel: how they came to be; empty where unknown
--   credits: sum of the credits
--   debits: sum of the debits
--   transaction_count: their number
SELECT
    currency,
    channel,
    toDecimal128(sumIf(units, direction = 'credit'), 0) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(sumIf(units, direction = 'debit'), 0) * toDecimal32('0.0001', 4) AS debits,
    count() AS transaction_count
FROM
(
    SELECT currency, channel, direction, toInt128(toInt128(amount_minor) * intExp10(4 - exponent)) AS units
    FROM headrace.transactions_rows FINAL
    WHERE occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {until:DateTime64(3, 'UTC')}
)
GROUP BY currency, channel
ORDER BY currency, channel
