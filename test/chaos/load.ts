import type { SentTransaction } from './evidence.ts';

/** A transaction of the load as the producer sends it, with what the auditor must know of it. */
export interface LoadItem {
  readonly index: number;
  readonly sent: Omit<SentTransaction, 'acknowledged'>;
  /** The value of the input topic. */
  readonly value: Readonly<Record<string, string>>;
}

const ACCOUNTS = 25;
const CURRENCIES = ['EUR', 'USD', 'JPY'] as const;
const FIRST_MOMENT = Date.UTC(2025, 10, 1);
const STEP_MS = 37 * 60_000;

/** Endless, deterministic traffic: many accounts, three currencies, months that change, requests that may be refused. */
export function* load(random: () => number): Generator<LoadItem, never> {
  for (let index = 0; ; index++) {
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
    yield {
      index,
      sent: { transactionId, accountId, currency, effect, isRequest: kind === 'request' },
      value: { transactionId, accountId, direction, amount, currency, occurredAt, kind },
    };
  }
}
