import { CURRENCY_LETTERS } from '../../serde/avro/scan/scan-layout.ts';
import type { ScannedCheck } from '../../serde/avro/scan/value-scanner.ts';
import { hasConsistencyRule } from './consistency.ts';

/**
 * The rules of consistency.ts over what a scan has found. A list's items lie `stride` slots apart; a currency is compared by its
 * letters.
 */
const CHECKS: Readonly<Record<string, ScannedCheck>> = {
  balances: ({ slots }) => {
    const list = slots.get('balances')!;
    const at = (path: string) => slots.get(path)!.index;
    const [booked, held] = [at('balances[].booked'), at('balances[].held')] as const;
    const available = at('balances[].available');
    return ({ numbers }) => {
      for (let item = 0, shift = 0; item < numbers[list.index]!; item++, shift += list.stride) {
        if (numbers[booked + shift]! - numbers[held + shift]! !== numbers[available + shift]!) return false;
      }
      return true;
    };
  },
  'ledger.transactions': ({ slots }) => {
    const list = slots.get('postings')!;
    const at = (path: string) => slots.get(path)!.index;
    const [amount, currency, direction] = [at('amount'), at('currency'), at('direction')] as const;
    const [legAmount, legCurrency] = [at('postings[].amount'), at('postings[].currency')] as const;
    const legDirection = at('postings[].direction');
    const credit = slots.get('postings[].direction')!.symbols.indexOf('credit');
    const balance = at('balanceAfter');
    const available = at('availableAfter');
    const isOverdrawn = at('isOverdrawn');
    return ({ numbers, starts, bytes }) => {
      const legs = numbers[list.index]!;
      let credits = 0;
      for (let leg = 0, shift = 0; leg < legs; leg++, shift += list.stride) {
        if (numbers[legAmount + shift] !== numbers[amount]) return false;
        const [one, other] = [starts[legCurrency + shift]!, starts[currency]!];
        for (let letter = 0; letter < CURRENCY_LETTERS; letter++)
          if (bytes[one + letter] !== bytes[other + letter]) return false;
        if (numbers[legDirection + shift] === credit) credits++;
      }
      if (legs < 2 || credits * 2 !== legs || numbers[legDirection] !== numbers[direction]) return false;
      if ((numbers[isOverdrawn] === 1) !== numbers[balance]! < 0) return false;
      return numbers[available]! <= numbers[balance]!;
    };
  },
};

const ALWAYS: ScannedCheck = () => () => true;

/** Undefined for a topic with a rule that there is not for scanned values: they are not scanned then. */
export function scannedCheckOf(topic: string): ScannedCheck | undefined {
  return CHECKS[topic] ?? (hasConsistencyRule(topic) ? undefined : ALWAYS);
}
