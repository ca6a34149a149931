import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import { ATM_TOPICS } from '../../../topologies/atm-dispense/topics.ts';
import type { SeededRandom } from '../../random.ts';
import { currencyExponent } from '../../serde/currency.ts';
import { formatMinorUnits } from '../../serde/money.ts';
import { accountIdOf, type HomeCurrency, homeCurrency, zipf } from './accounts.ts';

export interface WithdrawalTrafficOptions {
  readonly random: SeededRandom;
  /** Milliseconds since 1970: the moment of the first withdrawal. */
  readonly startAt: number;
  /** Goes before every withdrawalId, so that two runs on one data directory do not meet. */
  readonly run: string;
  readonly perSecond: number;
  /** How long the ATM system waits for an answer: late ones come after it. */
  readonly answerWithinMs: number;
}

/** A record to be appended. */
export interface WithdrawalRecord {
  readonly topic: typeof TOPICS.transactions | typeof ATM_TOPICS.withdrawals | typeof ATM_TOPICS.results;
  readonly at: number;
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** What a withdrawal comes to, and how many of a hundred do. */
export const FATES = [
  ['success', 77],
  ['refused', 2],
  ['fail', 6],
  ['partial', 4],
  ['late', 3],
  ['twice', 3],
  ['early', 1],
  ['silence', 2],
  ['retracted', 1],
  ['contradiction', 1],
] as const;
export type Fate = (typeof FATES)[number][0];

const TERMINALS = 20;
/** They are none of those of the other traffic, which could spend what is to be withdrawn. */
const ACCOUNTS = 200;
const FIRST_ACCOUNT = 90_000;
/** The least that machines pay out in a currency; they pay out multiples of it. */
const NOTE: Readonly<Record<HomeCurrency, number>> = { EUR: 10, USD: 20, GBP: 10, CZK: 200, JPY: 1_000 };
const NOTES_MAX = 20;
/** What comes in at a time, in such notes. */
const SALARY_NOTES = 200;
/** By then a salary is booked. */
const SALARY_LEAD_MS = 1_000;
/** Between request and answer. */
const ANSWER_MIN_MS = 200;
const ANSWER_MAX_MS = 6_000;
/** How much later than allowed a late answer comes. */
const LATE_MAX_MS = 5_000;
/** A process that stood still does not make up for more than this. */
const ARREARS_MAX_MS = 5_000;

/** A withdrawal as far as its answers need it. */
interface Request {
  readonly withdrawalId: string;
  readonly terminalId: string;
  readonly accountId: string;
  readonly currency: HomeCurrency;
  /** Notes of the least denomination. */
  readonly notes: number;
  /** Sent again it is the same, to the moment. */
  readonly requestedAt: string;
}

/**
 * Withdrawals at some terminals without end, and the salaries they are paid from, each withdrawal with a fate of its own:
 * most are paid out; some are refused, fail, are paid out in
 * part, answered late or never, sent twice or in the wrong order, retracted, or contradicted. The same seed gives the
 * same records, however often it is asked what is due.
 */
export class WithdrawalTraffic {
  readonly #options: WithdrawalTrafficOptions;
  readonly #account: () => number;
  /** What an account has at least, in notes, if every withdrawal is paid out; and when its last salary is booked. */
  readonly #purses = new Map<number, { readonly notes: number; readonly from: number }>();
  /** In the order of time. */
  readonly #pending: WithdrawalRecord[] = [];
  #number = 0;
  #nextAt: number;

  constructor(options: WithdrawalTrafficOptions) {
    this.#options = options;
    this.#account = zipf(ACCOUNTS, options.random);
    this.#nextAt = options.startAt;
  }

  /** The records whose time has come, in its order; each is given once. */
  due(now: number): readonly WithdrawalRecord[] {
    const pauseMs = 1_000 / this.#options.perSecond;
    if (now - this.#nextAt > ARREARS_MAX_MS) this.#nextAt = now - ARREARS_MAX_MS;
    for (; this.#nextAt <= now; this.#nextAt += pauseMs) this.#withdraw(Math.floor(this.#nextAt));
    const later = this.#pending.findIndex(({ at }) => at > now);
    return this.#pending.splice(0, later < 0 ? this.#pending.length : later);
  }

  #withdraw(arrivedAt: number): void {
    const { random, run } = this.#options;
    const index = this.#account();
    const number = ++this.#number;
    const fate = drawFate(random);
    const wanted = 1 + random.below(NOTES_MAX);
    let purse = this.#purses.get(index) ?? { notes: 0, from: arrivedAt };
    if (purse.notes < wanted) {
      this.#add(salaryOf(`${run}-s${number}`, index, arrivedAt));
      purse = { notes: purse.notes + SALARY_NOTES, from: arrivedAt + SALARY_LEAD_MS };
    }
    if (fate !== 'refused') purse = { ...purse, notes: purse.notes - wanted };
    this.#purses.set(index, purse);
    const at = Math.max(arrivedAt, purse.from);
    const request: Request = {
      withdrawalId: `${run}-w${number}`,
      terminalId: `ATM-${String(1 + random.below(TERMINALS)).padStart(4, '0')}`,
      accountId: accountIdOf(FIRST_ACCOUNT + index),
      currency: homeCurrency(index),
      // What was not paid out before may be there as well: more than all that ever came in is refused for sure.
      notes: fate === 'refused' ? SALARY_NOTES * (number + 1) : wanted,
      requestedAt: new Date(at).toISOString(),
    };
    this.#answer(request, at, fate);
  }

  #answer(request: Request, at: number, fate: Fate): void {
    const { random, answerWithinMs } = this.#options;
    const pause = () => ANSWER_MIN_MS + random.below(Math.max(1, Math.min(ANSWER_MAX_MS, answerWithinMs / 2)));
    const answerAt = at + pause();
    const says = (moment: number, status: string, more: Readonly<Record<string, unknown>> = {}) =>
      this.#add(resultOf(request, moment, status, more));
    const ask = (moment: number) => this.#add(requestOf(request, moment));
    if (fate !== 'early') ask(at);
    switch (fate) {
      case 'success':
        says(at + ANSWER_MIN_MS / 2, 'DISPENSING');
        says(answerAt, 'SUCCESS', { notes: [{ denomination: amountOf(request.currency, 1), count: request.notes }] });
        break;
      case 'fail':
        says(answerAt, 'FAIL', { reason: 'jam' });
        break;
      case 'partial': {
        // One note is all or nothing.
        if (request.notes === 1) says(answerAt, 'FAIL', { reason: 'cassette empty' });
        else {
          const taken = amountOf(request.currency, 1 + random.below(request.notes - 1));
          says(answerAt, 'PARTIAL', { taken, reason: 'cassette empty' });
        }
        break;
      }
      case 'late':
        says(at + answerWithinMs + 1_000 + random.below(LATE_MAX_MS), 'SUCCESS');
        break;
      case 'twice':
        ask(at + 1);
        says(answerAt, 'SUCCESS');
        says(answerAt + pause(), 'SUCCESS');
        break;
      case 'early':
        says(at, 'SUCCESS');
        ask(answerAt);
        break;
      // A terminal that is refused pays nothing out and says nothing.
      case 'refused':
      case 'silence':
        break;
      case 'retracted':
        says(answerAt, 'RETRACTED', { reason: 'notes not taken' });
        break;
      case 'contradiction':
        says(answerAt, 'FAIL', { reason: 'jam' });
        says(answerAt + pause(), 'SUCCESS');
        break;
    }
  }

  /** Behind all that are due no later. */
  #add(record: WithdrawalRecord): void {
    let at = this.#pending.length;
    while (at > 0 && this.#pending[at - 1]!.at > record.at) at--;
    this.#pending.splice(at, 0, record);
  }
}

function drawFate(random: SeededRandom): Fate {
  let left = random.below(FATES.reduce((sum, [, share]) => sum + share, 0));
  for (const [fate, share] of FATES) {
    left -= share;
    if (left < 0) return fate;
  }
  return 'success';
}

function salaryOf(transactionId: string, index: number, at: number): WithdrawalRecord {
  const accountId = accountIdOf(FIRST_ACCOUNT + index);
  const currency = homeCurrency(index);
  const value = {
    transactionId,
    accountId,
    direction: 'credit',
    amount: amountOf(currency, SALARY_NOTES),
    currency,
    occurredAt: new Date(at).toISOString(),
    kind: 'posting',
    channel: 'transfer',
    description: 'salary',
  };
  return { topic: TOPICS.transactions, at, key: accountId, value };
}

function requestOf({ notes, ...request }: Request, at: number): WithdrawalRecord {
  const amount = amountOf(request.currency, notes);
  return { topic: ATM_TOPICS.withdrawals, at, key: request.withdrawalId, value: { ...request, amount } };
}

function resultOf(
  { withdrawalId, terminalId, currency }: Request,
  at: number,
  status: string,
  more: Readonly<Record<string, unknown>>,
): WithdrawalRecord {
  const occurredAt = new Date(at).toISOString();
  const value = { withdrawalId, terminalId, status, occurredAt, currency, ...more };
  return { topic: ATM_TOPICS.results, at, key: withdrawalId, value };
}

function amountOf(currency: HomeCurrency, notes: number): string {
  const exponent = currencyExponent(currency)!;
  return formatMinorUnits(BigInt(notes * NOTE[currency]) * 10n ** BigInt(exponent), exponent);
}
