import { currencyExponent, formatMinorUnits, HeadraceError, jsonSerde } from 'headrace';
import type { DailySummary } from './events.ts';
import type { Transaction } from './rules.ts';

/** Sums of one account, day and currency. They may grow beyond 64 bits, so they are kept as text. */
export interface DayTotals {
  readonly credits: string;
  readonly debits: string;
  readonly count: number;
}

export const dayTotalsSerde = jsonSerde(toDayTotals);

const SUM = /^\d+$/;

/** Throws DESERIALIZATION_FAILED for what is no sums of a day: sums and counts of damaged state go nowhere. */
function toDayTotals(parsed: unknown): DayTotals {
  const { credits, debits, count } = (parsed ?? {}) as Partial<Record<keyof DayTotals, unknown>>;
  const isSum = (value: unknown): value is string => typeof value === 'string' && SUM.test(value);
  if (!isSum(credits) || !isSum(debits) || typeof count !== 'number' || !Number.isSafeInteger(count) || count < 1) {
    throw new HeadraceError(
      'DESERIALIZATION_FAILED',
      "The state of a day can't be read: it does not hold two sums and a count",
    );
  }
  return { credits, debits, count };
}

export function summaryKey(accountId: string, day: string, currency: string): string {
  return `${accountId}|${day}|${currency}`;
}

/** The day's totals with one transaction more, in minor units. */
export function addToDay(totals: DayTotals | undefined, { direction, minor }: Transaction): DayTotals {
  const { credits = '0', debits = '0', count = 0 } = totals ?? {};
  return direction === 'credit'
    ? { credits: (BigInt(credits) + minor).toString(), debits, count: count + 1 }
    : { credits, debits: (BigInt(debits) + minor).toString(), count: count + 1 };
}

/** The absolute row: the same version always says the same. */
export function summaryRow(
  { accountId, currency }: Transaction,
  day: string,
  totals: DayTotals,
  version: number,
): DailySummary {
  const exponent = currencyExponent(currency)!;
  const amount = (minor: string) => formatMinorUnits(BigInt(minor), exponent);
  return {
    accountId,
    day,
    currency,
    credits: amount(totals.credits),
    debits: amount(totals.debits),
    count: totals.count,
    version,
  };
}
