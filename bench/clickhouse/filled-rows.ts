/** Transactions of each account in each month, at every size of the table. */
export const ROWS_A_MONTH = 20;
export const MONTHS = 24;
const FIRST_YEAR = 2024;
const SOURCE_PARTITIONS = 50;
const HOUR_MS = 3_600_000;

/** As many accounts as have about so many transactions, one at least. */
export function accountsOf(rows: number): number {
  return Math.max(1, Math.round(rows / (ROWS_A_MONTH * MONTHS)));
}

/** Number `index` of the filled accounts, from 0. */
export function filledAccountId(index: number): string {
  return `acct-${String(index + 1).padStart(9, '0')}`;
}

/** The first moment of a month, from 0; MONTHS gives the moment at which the filled time ends. */
export function monthStartMs(month: number): number {
  return Date.UTC(FIRST_YEAR, month, 1);
}

/** The filled time's last calendar year. */
export const LAST_YEAR = FIRST_YEAR + MONTHS / 12 - 1;

const BRANDS = list(['Market', 'Bakery', 'Pharmacy', 'Books', 'Fuel', 'Café', 'Cinema', 'Florist']);
const CITIES = list(['Berlin', 'Praha', 'Wien', 'Leeds', 'Lyon', 'Porto', 'Gdańsk', 'Torino']);

/** Months from one, counted from 0, to the one before another. */
export interface Months {
  readonly from: number;
  readonly to: number;
}

/**
 * The transactions of some months, in columns as the sink names them. The salary of a month is what is spent in it and what the
 * account saves in each month, and the first brings what the account begins with: so the balance at a month's beginning is
 * known without those before. Everything else is drawn from hashes: the same numbers give the same rows.
 */
export function transactionsOf({ from, to }: Months, accounts: number): string {
  const all = Array.from({ length: MONTHS }, (_, month) => month);
  return `
WITH
  bitShiftRight(draw, 32) % 100 AS pick,
  k = salary_at AS is_salary,
  signed > 0 AS is_credit,
  toUInt64([${all.map(monthStartMs).join(', ')}][month + 1]) AS start,
  toUInt64([${all.map(slotMs).join(', ')}][month + 1]) AS slot,
  start + intDiv(k, 2) * slot + cityHash64(account, month, intDiv(k, 2), 'day') % (slot - ${8 * HOUR_MS})
    + if(k % 2 = 1, ${HOUR_MS} + draw % ${5 * HOUR_MS}, 0) AS occurred_ms,
  -- A UUID of version 7: the moment of intake in its first 48 bits.
  bitOr(bitShiftLeft(toUInt64(occurred_ms + draw % 2000), 16), toUInt64(0x7000 + bitShiftRight(draw, 20) % 4096)) AS id_first,
  bitOr(toUInt64(0x8000000000000000), bitShiftRight(cityHash64(draw, 'id'), 2)) AS id_second,
  (traits + bitShiftRight(draw, 40) % 12 * 7919) % 4096 AS shop
SELECT
  toString(reinterpretAsUUID(bitOr(bitShiftLeft(toUInt128(id_second), 64), toUInt128(id_first)))) AS transaction_id,
  account_id,
  if(is_credit, 'credit', 'debit') AS direction,
  abs(signed) AS amount_minor,
  exponent,
  currency,
  fromUnixTimestamp64Milli(toInt64(occurred_ms), 'UTC') AS occurred_at,
  if(NOT is_credit AND channel IN ('online', 'transfer'), 'request', 'posting') AS kind,
  multiIf(is_credit, 'transfer', pick < 55, 'card', pick < 70, 'online', pick < 82, 'transfer', pick < 92, 'direct-debit', 'atm') AS channel,
  multiIf(
    is_salary, concat('Employer ', toString(traits % 9973)),
    channel = 'atm', '',
    channel = 'transfer', concat('Person ', toString((traits + bitShiftRight(draw, 48) % 8 * 104729) % 1000003)),
    concat(${BRANDS}[shop % 8 + 1], ' ', ${CITIES}[intDiv(shop, 8) % 8 + 1], ' ', toString(intDiv(shop, 64)))
  ) AS counterparty,
  multiIf(
    is_salary, 'salary', is_credit, 'incoming transfer', channel = 'card', 'card payment', channel = 'online', 'online payment',
    channel = 'transfer', 'outgoing transfer', channel = 'atm', 'cash withdrawal', 'direct debit'
  ) AS description,
  if(channel IN ('card', 'atm'), '', concat('E2E-', hex(cityHash64(draw, 'reference')))) AS reference,
  toUInt64(month * ${ROWS_A_MONTH} + k + 1) AS sequence,
  opening + so_far AS balance_after_minor,
  balance_after_minor AS available_after_minor,
  balance_after_minor < 0 AS is_overdrawn,
  'transactions' AS source_topic,
  toUInt32(kafkaMurmurHash(account_id) % ${SOURCE_PARTITIONS}) AS source_partition,
  -- Grows with time, by steps as wide as those between two records of an account; two may be equal.
  toUInt64((month * ${ROWS_A_MONTH} + k) * ${accounts} + bitShiftRight(draw, 24) % ${accounts}) AS source_offset
FROM (
  SELECT
    intDiv(number, ${to - from}) AS account,
    toUInt64(${from} + number % ${to - from}) AS month,
    concat('acct-', leftPad(toString(account + 1), 9, '0')) AS account_id,
    cityHash64(account, 'account') AS traits,
    multiIf(traits % 100 < 60, 'EUR', traits % 100 < 75, 'USD', traits % 100 < 85, 'GBP', traits % 100 < 95, 'CZK', 'JPY') AS currency,
    toUInt8(if(currency = 'JPY', 0, 2)) AS exponent,
    2 * (bitShiftRight(traits, 8) % 5) AS salary_at,
    toInt64(20001 + bitShiftRight(traits, 16) % 40000) AS saved,
    toInt64(5000 + bitShiftRight(traits, 32) % 500000) AS brought,
    if(month = 0, 0, brought + toInt64(month) * saved) AS opening,
    range(${ROWS_A_MONTH}) AS numbers,
    arrayMap(k -> cityHash64(account, month, k), numbers) AS draws,
    arrayMap((k, draw) -> multiIf(
      k = salary_at, toInt64(0),
      k = ${ROWS_A_MONTH - 1} AND draw % 3 = 0, toInt64(1 + bitShiftRight(draw, 8) % 20000),
      -toInt64(50 + bitShiftRight(draw, 8) % multiIf(draw % 20 < 14, 3000, draw % 20 < 19, 15000, 150000))
    ), numbers, draws) AS others,
    saved - arraySum(others) + if(month = 0, brought, 0) AS salary,
    arrayMap((k, other) -> if(k = salary_at, salary, other), numbers, others) AS movements
  FROM numbers(${accounts * (to - from)})
)
ARRAY JOIN numbers AS k, draws AS draw, movements AS signed, arrayCumSum(movements) AS so_far`;
}

/** The legs of the transactions of some months, as the ledger books them. */
export function postingsOf(months: Months): string {
  return `
WITH [
  (concat('customer:', filled.account_id), CAST(filled.direction, 'String')),
  (
    multiIf(channel = '', 'clearing:general', channel IN ('atm', 'branch'), concat('cash:', channel), concat('clearing:', channel)),
    if(filled.direction = 'credit', 'debit', 'credit')
  )
] AS legs
SELECT
  transaction_id, account_id, sequence, toUInt32(number - 1) AS leg, each.1 AS ledger_account, each.2 AS direction, amount_minor,
  exponent, currency, occurred_at
FROM headrace.transactions_rows AS filled
ARRAY JOIN legs AS each, arrayEnumerate(legs) AS number
WHERE ${within(months)}`;
}

/** The last row of each day that the ledger would have written. */
export function dailySummariesOf(months: Months): string {
  return `
SELECT
  account_id, toDate32(occurred_at) AS day, currency, sumIf(toInt128(amount_minor), direction = 'credit') AS credits_minor,
  sumIf(toInt128(amount_minor), direction = 'debit') AS debits_minor, any(filled.exponent) AS exponent, count() AS transaction_count,
  max(sequence) AS version
FROM headrace.transactions_rows AS filled
WHERE ${within(months)}
GROUP BY account_id, day, currency`;
}

/** The present balances: those after each account's last transaction. */
export function lastBalances(): string {
  return `
SELECT
  account_id, currency, balance_after_minor AS booked_minor, toInt64(0) AS held_minor, balance_after_minor AS available_minor,
  exponent, sequence, sequence AS version, occurred_at
FROM headrace.transactions_rows
WHERE ${within({ from: MONTHS - 1, to: MONTHS })} AND sequence = ${MONTHS * ROWS_A_MONTH}`;
}

/** One withdrawal in fifty failed, at terminals that serve about a hundred accounts each. */
export function failedDispensesOf(months: Months): string {
  return `
SELECT
  concat('atm-', leftPad(toString(intDiv(toUInt64(substring(account_id, 6)), 100)), 6, '0')) AS terminal_id,
  transaction_id AS withdrawal_id, toUInt32(1) AS number, account_id, 'NOT_DISPENSED' AS outcome,
  'the terminal gave no notes' AS reason, amount_minor, toInt64(0) AS taken_minor, exponent, currency, false AS is_posted, occurred_at
FROM headrace.transactions_rows
WHERE ${within(months)} AND channel = 'atm' AND cityHash64(transaction_id) % 50 = 0`;
}

function within({ from, to }: Months): string {
  const moment = (index: number) => `fromUnixTimestamp64Milli(toInt64(${monthStartMs(index)}), 'UTC')`;
  return `occurred_at >= ${moment(from)} AND occurred_at < ${moment(to)}`;
}

/** A month's transactions come in pairs, so that most of its days have none and others several. */
function slotMs(month: number): number {
  return Math.floor((monthStartMs(month + 1) - monthStartMs(month)) / (ROWS_A_MONTH / 2));
}

function list(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(', ')}]`;
}
