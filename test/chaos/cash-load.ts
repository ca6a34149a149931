import type { SentWithdrawal, Story } from './cash-evidence.ts';
import type { LoadItem } from './load.ts';

const FUNDED_ACCOUNTS = 6;
const DEPOSIT = '9000000.00';
const DEPOSIT_MINOR = 900_000_000n;
/** A terminal answers after so many other records. */
const ANSWER_AFTER_MAX = 25;
const REQUESTED_AT = '2026-02-01T10:00:00Z';

type Result = { readonly status: string; readonly taken?: string };
const SUCCESS: Result = { status: 'SUCCESS' };
const FAIL: Result = { status: 'FAIL' };

/** What terminals say of withdrawals, and how often a story comes. */
const STORIES: readonly (readonly [story: Story, weight: number, results: readonly Result[]])[] = [
  ['success', 6, [{ status: 'DISPENSING' }, SUCCESS]],
  ['success twice', 2, [SUCCESS, SUCCESS]],
  ['failure', 4, [FAIL]],
  ['failure twice', 1, [FAIL, FAIL]],
  ['partial', 3, [{ status: 'PARTIAL', taken: '20.00' }]],
  ['retracted', 1, [{ status: 'RETRACTED' }]],
  ['silence', 2, []],
  ['failure, then success', 2, [FAIL, SUCCESS]],
  ['success, then failure', 1, [SUCCESS, FAIL]],
  ['refused', 1, []],
  ['refused, and success', 1, [SUCCESS]],
];

/** Each story as often as its weight says. */
const DECK = STORIES.flatMap((story) => Array.from({ length: story[1] }, () => story));

/** The money of the accounts that withdraw, before anything else. */
export function* deposits(): Generator<Omit<LoadItem, 'index'>> {
  for (let account = 0; account < FUNDED_ACCOUNTS; account++) {
    const accountId = `cash-${account}`;
    const sent = { transactionId: 'deposit', accountId, currency: 'EUR', effect: DEPOSIT_MINOR, isRequest: false };
    const value = {
      transactionId: 'deposit',
      accountId,
      direction: 'credit',
      amount: DEPOSIT,
      currency: 'EUR',
      occurredAt: '2026-01-01T00:00:00Z',
      kind: 'posting',
    };
    yield { topic: 'transactions', key: accountId, value, sent };
  }
}

/** Withdrawals one after the other, each with what its terminal will say and when. */
export class CashLoad {
  readonly #random: () => number;
  readonly #answers: { readonly at: number; readonly item: Omit<LoadItem, 'index'> }[] = [];
  #count = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** What a terminal says now, in the order in which it says it. */
  dueAt(index: number): Omit<LoadItem, 'index'> | undefined {
    const due = this.#answers.findIndex(({ at }) => at <= index);
    return due < 0 ? undefined : this.#answers.splice(due, 1)[0]!.item;
  }

  withdrawAt(index: number): Omit<LoadItem, 'index'> {
    const withdrawalId = `w${this.#count++}`;
    const [story, , results] = this.#draw();
    const isRefused = story.startsWith('refused');
    const accountId = isRefused ? `poor-${withdrawalId}` : `cash-${Math.floor(this.#random() * FUNDED_ACCOUNTS)}`;
    const amount = `${30 + Math.floor(this.#random() * 470)}.00`;
    const terminalId = `T${Math.floor(this.#random() * 5)}`;
    let at = index;
    for (const result of results) {
      at += 1 + Math.floor(this.#random() * ANSWER_AFTER_MAX);
      const value = { withdrawalId, terminalId, occurredAt: REQUESTED_AT, ...result };
      this.#answers.push({ at, item: { topic: 'atm.dispense-results', key: withdrawalId, value } });
    }
    const withdrawal: SentWithdrawal = { withdrawalId, accountId, amount: BigInt(amount.replace('.', '')), story };
    const value = { withdrawalId, accountId, terminalId, amount, currency: 'EUR', requestedAt: REQUESTED_AT };
    return { topic: 'atm.withdrawals', key: withdrawalId, value, withdrawal };
  }

  #draw() {
    const drawn = Math.floor(this.#random() * DECK.length);
    return DECK[drawn]!;
  }
}
