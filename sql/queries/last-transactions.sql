-- The last transactions of an account, the newest first, in the order in which the ledger posted them (sequence): one that
-- was entered late stands where it was posted, not where its event time would put it. A page begins where the one before
-- ended: give the sequence and occurred_at of its last row as before and near. With months the tables are looked
-- through so many months before and behind near only. Headrace does that by itself: it looks through a few months first, sees by the
-- sequence, which has no gaps, whether that was all, and else looks further, in the end through all time.
--
-- Parameters:
--   account: the account
--   limit = 10 (1..1000): transactions at most
--   before = 18446744073709551615: only those with a smaller sequence
--   near = 2299-12-31T23:59:59.999Z: event time around which to look; the account's last change where that is earlier
--   months = 0 (0..1200): months to look through before and behind that time; 0 is all time
--   dense = 0 (0..1): with 1 only the sequences that a page without a gap has, below before and the account's last; for
--     those who look further where the page turns out to have gaps
-- Columns:
--   sequence: number within the account, from 1 without a gap
--   transaction_id: the producer's identity, unique within the account
--   occurred_at: event time
--   direction: credit or debit
--   amount: above zero
--   currency: ISO 4217 code
--   balance_after: booked balance in this currency after it
--   available_after: available balance in this currency after it
--   is_overdrawn: whether the booked balance after it is below zero
--   kind: posting or request
--   channel: how it came to be; empty where unknown
--   counterparty: the other side; empty where unknown
--   description: free text
--   reference: the producer's reference
--   last_sequence: the account's last sequence, as its balances have it
WITH (
    SELECT (argMax(sequence, version), least(argMax(occurred_at, version), {near:DateTime64(3, 'UTC')}))
    FROM headrace.balances_rows
    WHERE account_id = {account:String}
) AS last
SELECT
    sequence,
    transaction_id,
    occurred_at,
    direction,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    currency,
    toDecimal128(balance_after_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS balance_after,
    toDecimal128(available_after_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS available_after,
    is_overdrawn,
    kind,
    channel,
    counterparty,
    description,
    reference,
    last.1 AS last_sequence
FROM headrace.transactions_rows
WHERE account_id = {account:String}
  AND sequence < {before:UInt64}
  AND sequence >= if({dense:UInt16} = 0, 0, least({before:UInt64}, last.1 + 1) - {limit:UInt32})
  AND occurred_at >= if({months:UInt16} = 0, toDateTime64('1900-01-01 00:00:00.000', 3, 'UTC'), last.2 - toIntervalMonth({months:UInt16}))
  AND occurred_at <= if({months:UInt16} = 0, toDateTime64('2299-12-31 23:59:59.999', 3, 'UTC'), last.2 + toIntervalMonth({months:UInt16}))
ORDER BY sequence DESC
LIMIT 1 BY sequence
LIMIT {limit:UInt32}
