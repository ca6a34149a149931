-- How much an account moved shortly before a moment: number and sums of its transactions in the hour, the 24 hours and the
-- seven days that end with it, for each currency. A window without transactions has no row.
--
-- Parameters:
--   account: the account
--   moment: the end of the windows; transactions that occurred at it count, those exactly a window's length before do not
-- Columns:
--   hours: length of the window: 1, 24 or 168
--   currency: ISO 4217 code
--   transaction_count: transactions in the window
--   credits: sum of their credits
--   debits: sum of their debits
SELECT
    hours,
    currency,
    count() AS transaction_count,
    toDecimal128(sumIf(units, direction = 'credit'), 0) * toDecimal32('0.0001', 4) AS credits,
    toDecimal128(sumIf(units, direction = 'debit'), 0) * toDecimal32('0.0001', 4) AS debits
FROM
(
    SELECT currency, direction, occurred_at, toInt128(toInt128(amount_minor) * intExp10(4 - exponent)) AS units
    FROM headrace.transactions_rows FINAL
    WHERE account_id = {account:String}
      AND occurred_at > {moment:DateTime64(3, 'UTC')} - toIntervalHour(168) AND occurred_at <= {moment:DateTime64(3, 'UTC')}
)
ARRAY JOIN [toUInt16(1), toUInt16(24), toUInt16(168)] AS hours
WHERE occurred_at > {moment:DateTime64(3, 'UTC')} - toIntervalHour(hours)
GROUP BY hours, currency
ORDER BY hours, currency
