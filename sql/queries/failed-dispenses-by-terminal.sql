-- Failed and doubtful dispenses in a period, for each terminal, kind of failure and currency; terminals with most of them
-- first.
--
-- Parameters:
--   from: those that occurred at it count
--   until: those that occurred at it do not count
--   terminal = '': one terminal only
-- Columns:
--   terminal_id: the terminal
--   outcome: NOT_DISPENSED, PARTIAL, RETRACTED, UNKNOWN, LATE_SUCCESS, CONTRADICTION or ORPHAN
--   currency: ISO 4217 code; empty where no withdrawal is known
--   failures: their number
--   amount: sum of what was asked for
--   taken: sum of what the terminal's word proves as taken
--   last_occurred_at: latest of them
--   terminal_failures: failures of the terminal of every kind
SELECT
    terminal_id,
    outcome,
    currency,
    count() AS failures,
    toDecimal128(sum(toInt128(toInt128(amount_minor) * intExp10(4 - exponent))), 0) * toDecimal32('0.0001', 4) AS amount,
    toDecimal128(sum(toInt128(toInt128(taken_minor) * intExp10(4 - exponent))), 0) * toDecimal32('0.0001', 4) AS taken,
    fromUnixTimestamp64Milli(max(toUnixTimestamp64Milli(occurred_at)), 'UTC') AS last_occurred_at,
    sum(failures) OVER (PARTITION BY terminal_id) AS terminal_failures
FROM headrace.failed_dispenses_rows FINAL
WHERE occurred_at >= {from:DateTime64(3, 'UTC')} AND occurred_at < {until:DateTime64(3, 'UTC')}
  AND ({terminal:String} = '' OR terminal_id = {terminal:String})
GROUP BY terminal_id, outcome, currency
ORDER BY terminal_failures DESC, terminal_id, outcome, currency
