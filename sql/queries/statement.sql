-- The statement of an account for a period, for each of its currencies: a row with the opening balance, the transactions by
-- event time with the balance after each, and a row with the closing balance. All in terms of event time, so that opening
-- plus amounts is closing, and the closing balance of a period is the opening balance of the next. A currency without
-- transactions in the period has its opening and closing rows.
--
-- Parameters:
--   account: the account
--   from: transactions that occurred at it count
--   until: transactions that occurred at it do not count
-- Columns:
--   currency: ISO 4217 code
--   line: opening, transaction or closing
--   occurred_at: event time; of opening and closing the ends of the period
--   sequence: number within the account; 0 for opening and closing
--   transaction_id: the producer's identity; empty for opening and closing
--   amount: credits above zero, debits below; zero for opening and closing
--   balance: balance after the line
--   channel: how it came to be; empty where unknown
--   counterparty: the other side; empty where unknown
--   description: free text
--   reference: the producer's reference
WITH lines AS (
    SELECT
        currency,
        1 AS place,
        occurred_at,
        sequence,
        transaction_id,
        toInt128(toInt128(if(direction = 'credit', amount_minor, -amount_minor)) * intExp10(4 - exponent)) AS shown,
        shown AS added,
        channel,
        counterparty,
        description,
        reference
    FROM headrace.transactions_rows FINAL
    WHERE account_id = {account:String}
      AND occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {until:DateTime64(3, 'UTC')}
),
ends AS (
    SELECT
        currency,
        arrayJoin([0, 2]) AS place,
        if(place = 0, {from:DateTime64(3, 'UTC')}, {until:DateTime64(3, 'UTC')}) AS occurred_at,
        toUInt64(0) AS sequence,
        '' AS transaction_id,
        toInt128(0) AS shown,
        if(place = 0, opening, toInt128(0)) AS added,
        '' AS channel,
        '' AS counterparty,
        '' AS description,
        '' AS reference
    FROM
    (
        SELECT
            currency,
            sumIf(toInt128(toInt128(if(direction = 'credit', amount_minor, -amount_minor)) * intExp10(4 - exponent)), occurred_at < {from:DateTime64(3, 'UTC')}) AS opening
        FROM headrace.transactions_rows FINAL
        WHERE account_id = {account:String} AND occurred_at < {until:DateTime64(3, 'UTC')}
        GROUP BY currency
    )
)
SELECT
    currency,
    transform(place, [0, 1, 2], ['opening', 'transaction', 'closing'], '') AS line,
    occurred_at,
    sequence,
    transaction_id,
    toDecimal128(shown, 0) * toDecimal32('0.0001', 4) AS amount,
    toDecimal128(sum(added) OVER (PARTITION BY currency ORDER BY place, occurred_at, sequence ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), 0) * toDecimal32('0.0001', 4) AS balance,
    channel,
    counterparty,
    description,
    reference
FROM (SELECT * FROM lines UNION ALL SELECT * FROM ends)
ORDER BY currency, place, occurred_at, sequence
