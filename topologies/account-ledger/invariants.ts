import {
  currencyExponent,
  formatMinorUnits,
  type InvariantChange,
  type InvariantRecord,
  type KStream,
  type KTable,
  type OnBreach,
  parseMinorUnits,
  type StreamsBuilder,
  type TopicSerdes,
} from 'headrace';
import { type AccountState, NEW_ACCOUNT } from './account-state.ts';
import type { LedgerCommand } from './commands.ts';
import type { AccountSettings, LedgerTransaction, Posting, TransactionInput } from './events.ts';
import { type Hold, minorOf } from './holds.ts';
import { type Leg, legSerde } from './leg-serde.ts';
import { STORES } from './posting-office.ts';
import { overdraftLimit } from './rules.ts';
import { TOPICS } from './topics.ts';

/** What the ledger's invariants look at. */
export interface LedgerParts {
  readonly transactions: KStream<string, TransactionInput>;
  readonly commands: KStream<string, LedgerCommand>;
  readonly settings: KTable<string, AccountSettings>;
  readonly postings: TopicSerdes<string, Posting>;
  readonly accepted: TopicSerdes<string, LedgerTransaction>;
  readonly onBreach: OnBreach;
}

type AccountChanges = readonly InvariantChange<string, AccountState>[];

/**
 * What must be true of whatever the ledger does with a record, told a second time and in other words than the rules and the posting:
 * a mistake in those becomes a dead letter, and nothing of it is booked.
 */
export function declareInvariants(builder: StreamsBuilder, parts: LedgerParts): void {
  const { transactions, commands, settings, postings, accepted, onBreach } = parts;
  const { accounts, holds } = STORES;
  builder.invariant('postings-sum-to-zero', {
    onBreach,
    topics: { [TOPICS.postings]: { key: postings.key, value: legSerde(postings.value) } },
    holds: ({ forwarded }) => sumToZero(forwarded[TOPICS.postings]),
  });
  builder.invariant('available-stays-above-limit', {
    onBreach,
    inputs: { transactions, commands },
    stores: { accounts, settings },
    holds: ({ inputs, stores }) => {
      const { transactions: transaction, commands: command } = inputs;
      // What has happened is booked, whatever it leaves; a settlement takes no more than was held.
      if (transaction?.value?.kind === 'posting') return true;
      if (command?.value?.action === 'post' && command.value.transaction.kind === 'posting') return true;
      return aboveLimit(stores.accounts.changes, (accountId) => stores.settings.get(accountId));
    },
  });
  builder.invariant('sequence-is-gapless', {
    onBreach,
    topics: { [TOPICS.accepted]: accepted },
    stores: { accounts },
    holds: ({ forwarded, stores }) => gapless(stores.accounts.changes, forwarded[TOPICS.accepted]),
  });
  builder.invariant('held-is-settled-once', {
    onBreach,
    stores: { accounts, holds },
    holds: ({ stores }) => settledOnce(stores.accounts.changes, stores.holds.changes),
  });
}

/** The legs of a transaction cancel each other out in every currency. */
function sumToZero(postings: readonly InvariantRecord<string, Leg>[]): true | string {
  if (postings.length === 0 || (postings.length === 2 && cancelOut(postings[0]!.value!, postings[1]!.value!)))
    return true;
  const sums = new Map<string, bigint>();
  for (const { value } of postings) {
    const { transactionId, currency, direction, amount } = value!;
    const minor = parseMinorUnits(amount, currencyExponent(currency) ?? 0);
    if (typeof minor !== 'bigint') return `${amount} ${currency} of transaction ${transactionId} is no amount`;
    const key = `${currency} of transaction ${transactionId}`;
    sums.set(key, (sums.get(key) ?? 0n) + (direction === 'credit' ? minor : -minor));
  }
  for (const [what, sum] of sums) if (sum !== 0n) return `the postings in ${what} sum to ${sum} minor units`;
  return true;
}

/** The same amount the other way: what nearly every transaction is, without a sum. */
function cancelOut(one: Leg, other: Leg): boolean {
  return (
    one.amount === other.amount &&
    one.currency === other.currency &&
    one.transactionId === other.transactionId &&
    (one.direction === 'credit' ? other.direction === 'debit' : other.direction === 'credit')
  );
}

/** What is available falls below the limit by nobody's wish: it may be there, and may rise there. */
function aboveLimit(
  changes: AccountChanges,
  settingsOf: (accountId: string) => AccountSettings | undefined,
): true | string {
  for (const { key: accountId, before = NEW_ACCOUNT, after = NEW_ACCOUNT } of changes) {
    for (const [currency, { booked, held }] of after.balances) {
      const available = booked - held;
      if (available >= 0n || available >= availableIn(before, currency)) continue;
      const exponent = currencyExponent(currency)!;
      const limit = overdraftLimit(settingsOf(accountId) ?? null, { currency, exponent });
      if (available >= -limit) continue;
      const [has, may] = [formatMinorUnits(available, exponent), formatMinorUnits(-limit, exponent)];
      return `account ${accountId} would have ${has} ${currency} available, and its limit is ${may}`;
    }
  }
  return true;
}

function availableIn({ balances }: AccountState, currency: string): bigint {
  const balance = balances.get(currency);
  return balance === undefined ? 0n : balance.booked - balance.held;
}

/** Each accepted transaction of an account takes the next number, and nothing else takes one. */
function gapless(
  changes: AccountChanges,
  accepted: readonly InvariantRecord<string, LedgerTransaction>[],
): true | string {
  let counted = 0;
  for (const { key: accountId, before = NEW_ACCOUNT, after } of changes) {
    if (after === undefined) return `account ${accountId} is forgotten`;
    let own = 0;
    for (const { key } of accepted) if (key === accountId) own++;
    counted += own;
    if (after.sequence !== before.sequence + own) {
      return `the sequence of account ${accountId} goes from ${before.sequence} to ${after.sequence} by ${own} accepted transactions`;
    }
    if (after.version <= before.version) return `the version of account ${accountId} stays at ${before.version}`;
  }
  return counted === accepted.length || `${accepted.length - counted} accepted transactions changed no account`;
}

/** A hold is placed once and settled once, and what the accounts have held is what their holds say. */
function settledOnce(changes: AccountChanges, holds: readonly InvariantChange<string, Hold>[]): true | string {
  const moved = new Map<string, bigint>();
  const move = (currency: string, minor: bigint) => moved.set(currency, (moved.get(currency) ?? 0n) + minor);
  for (const { key, before, after } of holds) {
    const [from, to] = [before?.status ?? 'unknown', after?.status ?? 'unknown'];
    if (from === 'unknown' && to === 'placed') move(after!.currency, minorOf(after!));
    else if (from === 'placed' && to === 'settled') move(before!.currency, -minorOf(before!));
    else if (from !== 'unknown' || to !== 'refused') return `hold ${key} goes from ${from} to ${to}`;
  }
  for (const { before = NEW_ACCOUNT, after = NEW_ACCOUNT } of changes) {
    for (const [currency, { held }] of after.balances) {
      const earlier = before.balances.get(currency)?.held ?? 0n;
      if (held !== earlier) move(currency, earlier - held);
    }
  }
  for (const [currency, minor] of moved) {
    if (minor !== 0n) return `${minor} minor units of ${currency} are held otherwise than the holds say`;
  }
  return true;
}
