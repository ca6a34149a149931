-- The transactions with an id: the id is unique within an account only, so that there may be several. The look-up table
-- names account, sequence and time; of the transactions only those granules are read.
--
-- Parameters:
--   transaction: the producer's identity of the transaction
--   account = '': the account, where it is known
--   limit = 100 (1..1000): transactions at most
-- Columns:
--   account_id: the account
--   sequence: number within the account
--   transaction_id: the id
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
--   source_topic: topic of the input record
--   source_partition: partition of the input record
--   source_offset: offset of the input record
SELECT
    account_id,
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
    source_topic,
    source_partition,
    source_offset
FROM headrace.transactions_rows
WHERE (account_id, sequence, occurred_at) IN (
    SELECT account_id, sequence, occurred_at
    FROM headrace.transactions_by_id_rows
    WHERE transaction_id = {transaction:String} AND ({account:String} = '' OR account_id = {account:String})
    ORDER BY account_id, sequence
    LIMIT 1 BY account_id, sequence
    LIMIT {limit:UInt32}
)
ORDER BY account_id, sequence
LIMIT 1 BY account_id, sequence
