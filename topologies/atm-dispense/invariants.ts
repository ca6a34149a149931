import type { InvariantChange, KeyValueStoreDefinition, OnBreach, StreamsBuilder, TopicSerdes } from 'headrace';
import type { LedgerRequest } from './events.ts';
import { holdIdOf } from './messages.ts';
import { parseAmount } from './rules.ts';
import { ATM_TOPICS } from './topics.ts';
import { type Transition, transitionIn, type WithdrawalEvent } from './transitions.ts';
import { newWithdrawal, type Withdrawal } from './withdrawal.ts';

/** What the invariants of withdrawals look at. */
export interface AtmParts {
  readonly withdrawals: KeyValueStoreDefinition<string, Withdrawal>;
  readonly commands: TopicSerdes<string, LedgerRequest>;
  readonly transitions: readonly Transition[];
  readonly onBreach: OnBreach;
}

type Changes = readonly InvariantChange<string, Withdrawal>[];

/** What must be true of whatever becomes of a withdrawal, told a second time and in other words than the desk does it. */
export function declareInvariants(builder: StreamsBuilder, parts: AtmParts): void {
  const { withdrawals, commands, transitions, onBreach } = parts;
  const stores = { withdrawals };
  builder.invariant('withdrawal-keeps-to-its-table', {
    onBreach,
    stores,
    holds: (view) => keepsToTable(view.stores.withdrawals.changes, transitions),
  });
  builder.invariant('money-is-taken-or-reversed', {
    onBreach,
    stores,
    holds: (view) => takenOrReversed(view.stores.withdrawals.changes),
  });
  builder.invariant('ledger-is-asked-rightly', {
    onBreach,
    topics: { [ATM_TOPICS.ledgerCommands]: commands },
    stores,
    holds: (view) => {
      for (const { value } of view.forwarded[ATM_TOPICS.ledgerCommands]) {
        const wrong = wrongWith(value!, view.stores.withdrawals.get(value!.replyKey));
        if (wrong !== undefined) return `${value!.action} of withdrawal ${value!.replyKey}: ${wrong}`;
      }
      return true;
    },
  });
}

/** From the state that it had, through a row of the table for each new line of its history, to the state that it has. */
function keepsToTable(changes: Changes, transitions: readonly Transition[]): true | string {
  for (const { key, before = newWithdrawal(key), after } of changes) {
    if (after === undefined) return `withdrawal ${key} is forgotten`;
    const known = before.history.length;
    if (!before.history.every((entry, index) => sameFields(entry, after.history[index])))
      return `the history of withdrawal ${key} is rewritten`;
    let state: Transition['from'] = before.state;
    for (const { event, state: next } of after.history.slice(known)) {
      const row = transitionIn(transitions, state, event as WithdrawalEvent);
      if (row?.to !== next) return `withdrawal ${key} goes from ${state} to ${next} by ${event}, which is in no row`;
      state = row.to;
    }
    if (after.state !== state) return `withdrawal ${key} is ${after.state} and its history ends with ${state}`;
    if (before.request !== undefined && !sameFields(before.request, after.request)) {
      return `what was asked for with withdrawal ${key} is changed`;
    }
  }
  return true;
}

/** No cent of what was asked for is both posted and given back, and of a reversed withdrawal each is one of the two. */
function takenOrReversed(changes: Changes): true | string {
  for (const { key, after } of changes) {
    if (after?.request === undefined) continue;
    const { amount, currency } = after.request;
    const [asked, taken, reversed] = [amount, after.taken ?? '0', after.reversed ?? '0'].map((each) =>
      parseAmount(each, currency),
    );
    if (typeof asked !== 'bigint' || typeof taken !== 'bigint' || typeof reversed !== 'bigint') {
      return `withdrawal ${key} has an amount that is none`;
    }
    const sum = taken + reversed;
    if (sum > asked || taken < 0n || reversed < 0n) {
      return `of ${amount} ${currency} of withdrawal ${key} ${after.taken} are taken and ${after.reversed} reversed`;
    }
    if (after.state === 'REVERSED' && sum !== asked) {
      return `withdrawal ${key} is reversed, and ${after.taken} taken and ${after.reversed} reversed are not ${amount}`;
    }
  }
  return true;
}

/** A hold is asked for before anything is known, and posted when the terminal has said that all was taken: both of the whole amount. */
function wrongWith(asked: LedgerRequest, withdrawal: Withdrawal | undefined): string | undefined {
  const request = withdrawal?.request;
  if (withdrawal === undefined || request === undefined) return 'there is no such withdrawal';
  if (asked.holdId !== holdIdOf(request.withdrawalId)) return `the hold ${asked.holdId} is not its own`;
  if (asked.accountId !== request.accountId) return `account ${asked.accountId} is not its own`;
  if (asked.action === 'hold') {
    if (withdrawal.state !== 'REQUESTED') return `it is ${withdrawal.state} already`;
    const isWhole = asked.amount === request.amount && asked.currency === request.currency;
    return isWhole ? undefined : `${asked.amount} ${asked.currency} is not what was asked for`;
  }
  if (withdrawal.state !== 'DISPENSED' || !withdrawal.isPosted) return `it is ${withdrawal.state}, not dispensed`;
  if (!withdrawal.history.some(({ event }) => event === 'success')) return 'no terminal has said that it was taken';
  return asked.take === request.amount ? undefined : `${asked.take} is not the whole amount`;
}

function sameFields(one: object, other: object | undefined): boolean {
  const [left, right] = [one, other ?? {}] as readonly Readonly<Record<string, unknown>>[];
  return Object.keys(left!).every((name) => left![name] === right![name]);
}
