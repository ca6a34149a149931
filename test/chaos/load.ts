import type { SentWithdrawal } from './cash-evidence.ts';
import { CashLoad, deposits } from './cash-load.ts';
import type { SentTransaction } from './evidence.ts';

/** A record of the load as the producer sends it, with what the auditors must know of it. */
export interface LoadItem {
  readonly index: number;
  readonly topic: string;
  readonly key: string;
  readonly value: Readonly<Record<string, string>>;
  /** Of a transaction. */
  readonly sent?: Omit<SentTransaction, 'acknowledged'>;
  /** Of a withdrawal; what its terminal says comes as items of their own. */
  readonly withdrawal?: SentWithdrawal;
}

/** How much of the load is withdrawals. */
const WITHDRAWALS = 0.12;

const ACCOUNTS = 25;
const CURRENCIES = ['EUR', 'USD', 'JPY'] as const;
const FIRST_MOMENT = Date.UTC(2025, 10, 1);
const STEP_MS = 37 * 60_000;

/**
 * Endless, deterministic traffic: many accounts, three currencies, months that change, requests that may be refused,
 * withdrawals with all that can happen at a terminal.
 */
export class Load {
  readonly #random: () => number;
  readonly #cash: CashLoad;
  readonly #first = [...deposits()];
  #index = 0;

  constructor(random: () => number) {
    this.#random = random;
    this.#cash = new CashLoad(random);
  }

  next(): LoadItem {
    const index = this.#index++;
    const item =
      this.#first.shift() ??
      this.#cash.dueAt(index) ??
      (this.#random() < WITHDRAWALS ? this.#cash.withdrawAt(index) : transactionAt(index, this.#random));
    return { index, ...item };
  }

  /** What terminals have not said yet of the withdrawals so far. */
  rest(): readonly LoadItem[] {
    const items: LoadItem[] = [];
    for (;;) {
      const answer = this.#cash.dueAt(Number.POSITIVE_INFINITY);
      if (answer === undefined) return items;
      items.push({ index: this.#index++, ...answer });
    }
  }
}

function transactionAt(index: number, random: () => number): Omit<LoadItem, 'index'> {
  const currency = CURRENCIES[Math.floor(random() * CURRENCIES.length)]!;
  const minor = 1 + Math.floor(random() * 50_000);
  const direction = random() < 0.55 ? 'credit' : 'debit';
  const kind = random() < 0.2 ? 'request' : 'posting';
  const amount =
    currency === 'JPY' ? String(minor) : `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
  const accountId = `chaos-${Math.floor(random() ** 2 * ACCOUNTS)}`;
  const transactionId = `c${index}`;
  const occurredAt = new Date(FIRST_MOMENT + index * STEP_MS).toISOString();
  const effect = direction === 'credit' ? BigInt(minor) : -BigInt(minor);
  return {
    topic: 'transactions',
    key: accountId,
    value: { transactionId, accountId, direction, amount, currency, occurredAt, kind },
    sent: { transactionId, accountId, currency, effect, isRequest: kind === 'request' },
  };
}
