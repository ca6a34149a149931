-- The transactions that bear a reference, of all accounts, the newest by event time first. A page begins where the one
-- before ended: give the occurred_at, account_id and sequence of its last row.
--
-- Parameters:
--   reference: the producer's reference; not empty
--   limit = 100 (1..1000): transactions at most
--   before = 2299-12-31T23:59:59.999Z: only those before this place: this moment,
--   before_account = '': and of this moment only those of accounts before this one,
--   before_sequence = 0: and of this account only those with a smaller sequence
-- Columns:
--   occurred_at: event time
--   account_id: the account
--   sequence: number within the account
--   transaction_id: the producer's identity, unique within the account
--   direction: credit or debit
--   amount: above zero
--   currency: ISO 4217 code
--   balance_after: booked balance in this currency after it
--   channel: how it came to be; empty where unknown
--   counterparty: the other side; empty where unknown
--   description: free text
--   reference: the reference
SELECT
    occurred_at,
    account_id,
    sequence,
    transaction_id,
    direction,
    toDecimal128(amount_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS amount,
    currency,
    toDecimal128(balance_after_minor, 0) * intExp10(4 - exponent) * toDecimal32('0.0001', 4) AS balance_after,
    channel,
    counterparty,
    description,
    reference
FROM headrace.transactions_rows
WHERE (account_id, sequence, occurred_at) IN (
    SELECT account_id, sequence, occurred_at
    FROM headrace.transactions_by_reference_rows
    WHERE reference = {reference:String}
      AND occurred_at <= {before:DateTime64(3, 'UTC')}
      AND (occurred_at, account_id, sequence) < ({before:DateTime64(3, 'UTC')}, {before_account:String}, {before_sequence:UInt64})
    ORDER BY occurred_at DESC, account_id DESC, sequence DESC
    LIMIT 1 BY account_id, sequence
    LIMIT {limit:UInt32}
)
ORDER BY occurred_at DESC, account_id DESC, sequence DESC
LIMIT 1 BY account_id, sequence
