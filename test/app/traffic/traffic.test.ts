import { describe, expect, it } from 'vitest';
import { type TrafficTransaction, traffic } from '../../../src/app/traffic/traffic.ts';
import { seededRandom } from '../../../src/random.ts';
import { type AccountState, NEW_ACCOUNT } from '../../../topologies/account-ledger/account-state.ts';
import { businessTime } from '../../../topologies/account-ledger/business-time.ts';
import { toTransactionInput } from '../../../topologies/account-ledger/events.ts';
import { post } from '../../../topologies/account-ledger/post.ts';
import { checkAccount, checkForm } from '../../../topologies/account-ledger/rules.ts';

function take(count: number, seed = 1, accounts = 100): readonly TrafficTransaction[] {
  const source = traffic({ random: seededRandom(seed), clock: () => 1_700_000_000_000, run: 'r', accounts });
  return Array.from({ length: count }, () => source.next().value);
}

describe('generated traffic', () => {
  const transactions = take(20_000);

  it('is the same from the same seed, and another one from another', () => {
    expect(take(500)).toEqual(take(500));
    expect(take(500)).not.toEqual(take(500, 2));
  });

  it('moves few accounts often and all of them sometimes', () => {
    const counts = new Map<string, number>();
    for (const { accountId } of transactions) counts.set(accountId!, (counts.get(accountId!) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    expect(counts.size).toBe(100);
    // By Zipf's law with 100 accounts the first has 19 % of all, and twice as much as the second.
    expect(sorted[0]! / transactions.length).toBeCloseTo(0.193, 1);
    expect(sorted[0]! / sorted[1]!).toBeGreaterThan(1.6);
  });

  it('sends about one in a hundred twice, unchanged, and numbers the others', () => {
    const identities = transactions.map(({ transactionId }) => transactionId);
    const repeated = transactions.length - new Set(identities).size;
    expect(repeated / transactions.length).toBeGreaterThan(0.005);
    expect(repeated / transactions.length).toBeLessThan(0.015);
    for (let i = 1; i < transactions.length; i++) {
      if (identities[i] === identities[i - 1]) expect(transactions[i]).toEqual(transactions[i - 1]);
    }
  });

  it('keeps an account in its currency, but for a few of a currency that does not exist', () => {
    const currencies = new Map<string, Set<string>>();
    let unknown = 0;
    for (const { accountId, currency } of transactions) {
      if (currency === 'EUX') unknown++;
      else currencies.set(accountId!, (currencies.get(accountId!) ?? new Set()).add(currency!));
    }
    expect(unknown).toBeGreaterThan(0);
    expect(unknown / transactions.length).toBeLessThan(0.01);
    expect([...currencies.values()].every((each) => each.size === 1)).toBe(true);
    expect(new Set([...currencies.values()].flatMap((each) => [...each]))).toEqual(
      new Set(['EUR', 'USD', 'GBP', 'CZK', 'JPY']),
    );
  });

  it('writes amounts with the decimals of their currency, above zero', () => {
    const wrong = transactions.filter(({ amount, currency }) => {
      const form = currency === 'JPY' ? /^[1-9]\d*$/ : /^\d+\.\d\d$/;
      return !form.test(amount!) || Number(amount) <= 0;
    });
    expect(wrong).toEqual([]);
  });

  it('is mostly accepted by the ledger, and shows the refusals of everyday life', () => {
    const outcomes = outcomesOf(transactions);
    const shareOf = (outcome: string) => (outcomes.get(outcome) ?? 0) / transactions.length;
    expect([...outcomes.keys()].sort()).toEqual(['CURRENCY_UNKNOWN', 'DUPLICATE', 'INSUFFICIENT_FUNDS', 'accepted']);
    expect(shareOf('accepted')).toBeGreaterThan(0.8);
    expect(shareOf('INSUFFICIENT_FUNDS')).toBeGreaterThan(0.01);
    expect(shareOf('DUPLICATE')).toBeGreaterThan(0.005);
  });

  it('holds credits and debits, settled facts and requests', () => {
    const kinds = new Set(transactions.map(({ direction, kind }) => `${direction} ${kind}`));
    expect(kinds).toEqual(new Set(['credit posting', 'debit posting', 'debit request']));
  });
});

/** How often each outcome came, by the ledger's pure rules. */
function outcomesOf(transactions: readonly TrafficTransaction[]): ReadonlyMap<string, number> {
  const time = businessTime();
  const accounts = new Map<string, AccountState>();
  const seen = new Map<string, string>();
  const judge = (fields: TrafficTransaction): string => {
    const input = toTransactionInput(fields);
    const checked = checkForm({ key: input.accountId, input, takenInAt: 1_700_000_000_000, time });
    if ('code' in checked) return checked.code;
    const account = accounts.get(checked.accountId) ?? NEW_ACCOUNT;
    const identity = `${checked.accountId}/${checked.transactionId}`;
    const refusal = checkAccount({ transaction: checked, account, settings: null, seenContent: seen.get(identity) });
    if (refusal !== undefined) return refusal.code;
    accounts.set(checked.accountId, post(account, checked, { topic: 't', partition: 0, offset: 0 }).account);
    seen.set(identity, checked.content);
    return 'accepted';
  };
  const outcomes = new Map<string, number>();
  for (const transaction of transactions) {
    const outcome = judge(transaction);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  return outcomes;
}
