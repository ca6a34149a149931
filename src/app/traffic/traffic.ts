import type { Clock } from '../../clock.ts';
import type { SeededRandom } from '../../random.ts';
import { currencyExponent } from '../../serde/currency.ts';
import { formatMinorUnits } from '../../serde/money.ts';
import { ACCOUNTS, accountIdOf, homeCurrency, zipf } from './accounts.ts';

export interface TrafficOptions {
  readonly random: SeededRandom;
  readonly clock: Clock;
  /** Goes before every transactionId, so that two runs on one data directory do not meet. */
  readonly run: string;
  readonly accounts?: number;
}

export type TrafficTransaction = Readonly<Record<string, string>>;

/** Typical amounts in hundredths of a euro; the yen's are of the same worth in yen. */
const SALARY = 250_000;
const PURCHASE_MAX = 12_000;
const TRANSFER_MAX = 60_000;

/**
 * Transactions as a retail bank sees them, without end: few accounts that move often and many that seldom do (Zipf),
 * salaries, card payments, transfers, requests of which some lack funds, now and then one sent twice or one with a
 * currency that does not exist.
 */
export function* traffic(options: TrafficOptions): Generator<TrafficTransaction, never> {
  const { random, clock, run, accounts = ACCOUNTS } = options;
  const account = zipf(accounts, random);
  const opened = new Set<number>();
  let previous: TrafficTransaction | undefined;
  for (let number = 1; ; number++) {
    const chance = random.next();
    if (previous !== undefined && chance < 0.01) {
      yield previous;
      continue;
    }
    const index = account();
    const currency = chance < 0.013 ? 'EUX' : homeCurrency(index);
    const kind = opened.has(index) ? draw(random) : SALARY_DAY;
    opened.add(index);
    const worth = 1 + random.below(kind.worthMax);
    previous = {
      transactionId: `${run}-${number}`,
      accountId: accountIdOf(index),
      direction: kind.direction,
      amount: formatMinorUnits(BigInt(worth), currencyExponent(currency) ?? 2),
      currency,
      occurredAt: new Date(clock()).toISOString(),
      kind: kind.kind,
      channel: kind.channel,
      description: kind.description,
    };
    yield previous;
  }
}

interface Pattern {
  readonly share: number;
  readonly direction: string;
  readonly kind: string;
  readonly channel: string;
  readonly description: string;
  readonly worthMax: number;
}

const SALARY_DAY: Pattern = {
  share: 12,
  direction: 'credit',
  kind: 'posting',
  channel: 'transfer',
  description: 'salary',
  worthMax: SALARY,
};
const PATTERNS: readonly Pattern[] = [
  SALARY_DAY,
  {
    share: 15,
    direction: 'credit',
    kind: 'posting',
    channel: 'transfer',
    description: 'incoming transfer',
    worthMax: TRANSFER_MAX,
  },
  {
    share: 38,
    direction: 'debit',
    kind: 'posting',
    channel: 'card',
    description: 'card payment',
    worthMax: PURCHASE_MAX,
  },
  {
    share: 20,
    direction: 'debit',
    kind: 'request',
    channel: 'online',
    description: 'online payment',
    worthMax: TRANSFER_MAX,
  },
  {
    share: 15,
    direction: 'debit',
    kind: 'request',
    channel: 'transfer',
    description: 'outgoing transfer',
    worthMax: 4 * TRANSFER_MAX,
  },
];
const SHARES = PATTERNS.reduce((sum, { share }) => sum + share, 0);

function draw(random: SeededRandom): Pattern {
  let left = random.below(SHARES);
  for (const pattern of PATTERNS) {
    left -= pattern.share;
    if (left < 0) return pattern;
  }
  return SALARY_DAY;
}
