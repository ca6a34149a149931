import type { AccountBalances, Posting } from '../../../topologies/account-ledger/events.ts';
import type { FailedDispense, HistoryEntry, WithdrawalStatus } from '../../../topologies/atm-dispense/events.ts';
import type { ReconciliationCase } from '../../../topologies/reconciliation/events.ts';
import type { Bank } from './bank.ts';
import { type Ending, type Letter, TALK } from './orders.ts';

const AMOUNT = '60.00';
/** More than every limit of the systems. */
const LONG_MS = 3_600_000;

const STATE_OF_WORD: Readonly<Record<string, string>> = {
  dispensing: 'DISPENSING',
  success: 'DISPENSED',
  partial: 'PARTIAL',
  fail: 'NOT_DISPENSED',
  retracted: 'RETRACTED',
  contradiction: 'UNKNOWN',
  silence: 'UNKNOWN',
};
const STATE_OF_STEP: Readonly<Record<string, string>> = {
  requested: 'REQUESTED',
  authorised: 'AUTHORISED',
  refused: 'REFUSED',
  reversing: 'REVERSAL_PENDING',
  reversed: 'REVERSED',
  suspected: 'SUSPECT',
  resolved: 'RESOLVED',
};

/** How the records of a sequence come in. */
export interface Course {
  /** Before which of its records the systems may talk to each other; they do before time passes, and at the end. */
  readonly talksBefore: (index: number) => boolean;
  /** Whether the account has the money; it has unless told otherwise. */
  readonly isFunded?: boolean;
}

/**
 * Lets a sequence happen to a withdrawal of its own, on an account with just the money for it. Returns the story with the
 * moments in it at which the systems talked.
 */
export function play(bank: Bank, id: string, sequence: string, { talksBefore, isFunded = true }: Course): string {
  bank.deposit(accountOf(id), isFunded ? AMOUNT : '1.00');
  bank.settle();
  let story = '';
  [...sequence].forEach((letter, index) => {
    if (letter === 'T' || letter === 'A' || talksBefore(index)) {
      bank.settle();
      story += TALK;
    } else if (story.includes(`W`) && story.includes(TALK, story.indexOf('W'))) {
      // The ledger has answered; what the systems have to say now may reach the others or not.
      bank.talk();
    }
    happen(bank, id, letter as Letter);
    story += letter;
  });
  bank.settle();
  bank.pass(LONG_MS);
  bank.settle();
  return `${story}${TALK}T${TALK}`;
}

function happen(bank: Bank, id: string, letter: Letter): void {
  bank.now += 1_000;
  const at = new Date(bank.now).toISOString();
  const result = (status: string, more = {}) =>
    bank.send('atm', 'atm.dispense-results', id, {
      withdrawalId: id,
      terminalId: 'T1',
      status,
      occurredAt: at,
      ...more,
    });
  if (letter === 'W') bank.send('atm', 'atm.withdrawals', id, withdrawal(id));
  else if (letter === 'T') bank.pass(LONG_MS);
  else if (letter === 'A') assign(bank, id);
  else if (letter === 'P') result('PARTIAL', { taken: '20.00' });
  else if (letter === 'X') result('SUCCESS', { terminalId: 'T2' });
  else if (letter === 'p') result('PARTIAL', { taken: '30.00' });
  else if (letter === 'f') result('FAIL', { taken: '0.00' });
  else if (letter === 'r') result('RETRACTED', { taken: '0.00' });
  else result({ D: 'DISPENSING', S: 'SUCCESS', F: 'FAIL', R: 'RETRACTED' }[letter]);
}

/** A person takes the case, if there is one; nobody here knows under which terminal. */
function assign(bank: Bank, id: string): void {
  for (const terminalId of ['T1', 'T2']) {
    const commandId = `${terminalId} ${bank.now}`;
    const command = { commandId, caseId: `case:${id}`, action: 'assign', by: 'Eve', to: 'Ann' };
    bank.send('reconciliation', 'reconciliation.commands', terminalId, command);
  }
}

function withdrawal(id: string) {
  return {
    withdrawalId: id,
    accountId: accountOf(id),
    terminalId: 'T1',
    amount: AMOUNT,
    currency: 'EUR',
    requestedAt: '2026-06-15T12:00:00Z',
  };
}

export function accountOf(id: string): string {
  return `account of ${id}`;
}

/** All that was said of each withdrawal, by its id. */
export class Witness {
  readonly #statuses = new Map<string, WithdrawalStatus[]>();
  readonly #cases = new Map<string, ReconciliationCase[]>();
  readonly #balances = new Map<string, AccountBalances[]>();
  readonly #postings = new Map<string, Posting[]>();
  readonly #reports = new Map<string, FailedDispense[]>();

  listen({ said }: Bank): void {
    for (const each of said.statuses()) add(this.#statuses, each.withdrawalId, each);
    for (const each of said.reports()) add(this.#reports, each.withdrawalId, each);
    for (const each of said.cases()) add(this.#cases, each.withdrawalId, each);
    for (const each of said.balances()) add(this.#balances, each.accountId, each);
    for (const each of said.postings()) add(this.#postings, each.accountId, each);
  }

  endingOf(id: string): Ending {
    const balances = this.#balances.get(accountOf(id))!;
    const [{ booked, held }] = balances.at(-1)!.balances as [AccountBalances['balances'][number]];
    const last = this.#cases.get(id)?.at(-1);
    const state = this.#statuses.get(id)?.at(-1)?.state ?? 'NEW';
    const wasHeld = balances.some(({ balances: [each] }) => each?.held !== '0.00');
    return {
      state,
      taken: wasHeld && held === '0.00' ? Number(AMOUNT) - Number(booked) : undefined,
      caseKind: last?.kind,
      isCaseOpen: last !== undefined && last.status !== 'resolved',
      wasDispensing: this.#statuses.get(id)?.some((status) => status.state === 'DISPENSING') ?? false,
      reports: this.#reports.get(id)?.length ?? 0,
    };
  }

  /** The transitions that a withdrawal made, as `from event`. */
  transitionsOf(id: string): readonly string[] {
    const history = this.#statuses.get(id)?.at(-1)?.history ?? [];
    return history.map(({ event }, index) => `${history[index - 1]?.state ?? 'NEW'} ${event}`);
  }

  /** What is wrong with the story of a withdrawal, whatever it was: rules that hold for every order of events. */
  faultsOf(id: string): readonly string[] {
    return [
      ...this.#faultsOfStates(this.#statuses.get(id) ?? []),
      ...this.#faultsOfSteps(this.#statuses.get(id)?.at(-1)?.history ?? []),
      ...(this.#reports.get(id)?.some(({ number }, index) => number !== index + 1) ? ['reports have gaps'] : []),
      ...this.#faultsOfMoney(id),
      ...(new Set(this.#cases.get(id)?.map(({ caseId }) => caseId)).size > 1 ? ['more than one case'] : []),
    ];
  }

  #faultsOfStates(statuses: readonly WithdrawalStatus[]): readonly string[] {
    const faults: string[] = [];
    const allowed = ['DISPENSED', 'REVERSED', 'SUSPECT', 'RESOLVED', 'REFUSED'];
    const last = statuses.at(-1);
    if (last !== undefined && !allowed.includes(last.state)) faults.push(`ends as ${last.state}`);
    if (statuses.some(({ version }, index) => version !== index + 1)) faults.push('versions have gaps');
    const reversals = last?.history.filter(({ event }) => event === 'reversed').length ?? 0;
    if (reversals > 1) faults.push(`${reversals} reversals`);
    if (last?.history.some(({ topic, offset }) => topic === '' || offset < 0)) {
      faults.push('the history does not say where its records stand');
    }
    // What was proven as taken when the word came on which money was given back.
    const history = last?.history ?? [];
    const at = history.findIndex(({ event }) => event === 'fail' || event === 'partial');
    const before = history.slice(0, at + 1).map(({ event }) => event);
    const proven = before.includes('success') ? 60 : before.includes('partial') ? Number(last?.taken) : 0;
    const reversed = Number(statuses.find(({ state }) => state === 'REVERSED')?.reversed ?? 0);
    if (reversed > 60 - proven) faults.push(`${reversed} reversed although ${proven} were proven as taken`);
    return faults;
  }

  /** Each step on its own: what the terminal says first decides, what it says later moves nothing. */
  #faultsOfSteps(history: readonly HistoryEntry[]): readonly string[] {
    const isUnfinished =
      history.some(({ state }) => state === 'DISPENSED') && history.every(({ event }) => event !== 'posted');
    const unfinished = isUnfinished ? ['dispensed, and nothing says that it was posted'] : [];
    const steps = history.flatMap(({ event, state }, index) => {
      const before = history[index - 1]?.state ?? 'NEW';
      const isWaiting = before === 'AUTHORISED' || before === 'DISPENSING';
      const isWord = Object.hasOwn(STATE_OF_WORD, event);
      const due = isWord ? (isWaiting ? STATE_OF_WORD[event] : before) : (STATE_OF_STEP[event] ?? before);
      return state === due ? [] : [`${event} made ${state} of ${before}`];
    });
    return [...steps, ...unfinished];
  }

  #faultsOfMoney(id: string): readonly string[] {
    const faults: string[] = [];
    for (const { version, balances } of this.#balances.get(accountOf(id)) ?? []) {
      for (const { available, held, booked } of balances) {
        if (Number(available) < 0) faults.push(`version ${version}: ${available} available`);
        if (Number(held) + Number(available) !== Number(booked))
          faults.push('held and available are not what is booked');
        if (Number(held) !== 0 && held !== AMOUNT) faults.push(`${held} held`);
      }
    }
    const postings = this.#postings.get(accountOf(id)) ?? [];
    const sum = postings.reduce((total, { direction, amount }) => {
      const cents = BigInt(amount.replace('.', ''));
      return direction === 'credit' ? total + cents : total - cents;
    }, 0n);
    if (sum !== 0n) faults.push(`the postings sum to ${sum}`);
    const status = this.#statuses.get(id)?.at(-1);
    const { taken } = this.endingOf(id);
    if (status !== undefined && taken !== undefined && Number(status.taken) !== taken) {
      faults.push(`the status says ${status.taken} taken, the ledger ${taken}`);
    }
    if (postings.length > 4) faults.push('more than one debit');
    return faults;
  }
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
