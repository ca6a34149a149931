import { HeadraceError } from '../../errors.ts';
import { currencyExponent } from '../../serde/currency.ts';
import { parseMinorUnits } from '../../serde/money.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What must hold within a value that the ledger wrote: one damaged amount contradicts the others, so that bytes that decode
 * by luck are caught where it matters most (design D12). Returns what does not hold, or undefined.
 */
const CHECKS: Readonly<Record<string, (value: Fields) => string | undefined>> = {
  balances: ({ balances }) =>
    (balances as readonly Fields[]).every(
      ({ currency, booked, held, available }) =>
        minor(booked, currency) - minor(held, currency) === minor(available, currency),
    )
      ? undefined
      : 'booked less held is not what is available',
  'ledger.transactions': ({ direction, amount, currency, balanceAfter, availableAfter, isOverdrawn, postings }) => {
    const legs = postings as readonly Fields[];
    if (!legs.every((leg) => leg.amount === amount && leg.currency === currency)) {
      return 'its postings are of another amount than it is';
    }
    const credits = legs.filter((leg) => leg.direction === 'credit').length;
    if (legs.length < 2 || credits * 2 !== legs.length || legs[0]!.direction !== direction) {
      return 'its postings do not sum to zero';
    }
    const balance = minor(balanceAfter, currency);
    if (isOverdrawn !== balance < 0n) return 'its balance is not what isOverdrawn says';
    return minor(availableAfter, currency) > balance ? 'more is available than is booked' : undefined;
  },
};

/** Whether values of a topic can contradict themselves. */
export function hasConsistencyRule(topic: string): boolean {
  return topic in CHECKS;
}

/** Throws DESERIALIZATION_FAILED for a value of a topic that contradicts itself. */
export function requireConsistency(topic: string, value: unknown): void {
  const reason = CHECKS[topic]?.(value as Fields);
  if (reason === undefined) return;
  throw new HeadraceError('DESERIALIZATION_FAILED', `The value of ${topic} contradicts itself: ${reason}`);
}

/** Of a text that the decoder has written. */
function minor(amount: unknown, currency: unknown): bigint {
  return parseMinorUnits(amount as string, currencyExponent(currency as string)!) as bigint;
}
