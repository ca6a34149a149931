import { type Deadline, type KeyValueStore, type RecordContext, withoutCardData } from 'headrace';
import type {
  FailedDispense,
  FailedOutcome,
  LedgerAnswer,
  LedgerRequest,
  RejectedAtmRecord,
  ResultStatus,
  Settlement,
  Tick,
  WithdrawalStatus,
} from './events.ts';
import { failedOf, holdOf, provenWith, settlementOf, statusOf, takenBy } from './messages.ts';
import { checkAgainst, checkResult, checkWithdrawal, type RawInput, type Refusal } from './rules.ts';
import { type Effect, type Transition, transitionIn, type WithdrawalEvent } from './transitions.ts';
import { newWithdrawal, RESULTS_MAX, type ReceivedResult, sayingOf, type Withdrawal } from './withdrawal.ts';

/** What processing a record tells others. */
export type Told =
  | { readonly status: WithdrawalStatus }
  | { readonly failed: FailedDispense }
  | { readonly command: LedgerRequest }
  | { readonly rejected: RejectedAtmRecord };

export interface Stores {
  readonly withdrawals: KeyValueStore<string, Withdrawal>;
  /** In the order of time; the value says what is waited for. */
  readonly deadlines: KeyValueStore<Deadline, string>;
}

export interface DeskOptions {
  readonly transitions: readonly Transition[];
  /** How long a terminal may take to say how it went. */
  readonly answerWithinMs: number;
  /** How long results wait for a withdrawal that does not come. */
  readonly orphanAfterMs: number;
}

/** Deadlines that one tick fires at most; the rest stays due for the next. */
const FIRED_MAX = 1_000;
/** Then it is asked again: what it was asked, or what it said, may have become a dead letter. */
export const LEDGER_ANSWERS_WITHIN_MS = 60_000;

const EVENT_OF_RESULT: Readonly<Record<ResultStatus, WithdrawalEvent>> = {
  DISPENSING: 'dispensing',
  SUCCESS: 'success',
  PARTIAL: 'partial',
  FAIL: 'fail',
  RETRACTED: 'retracted',
};

const EVENT_OF_SETTLEMENT: Readonly<Record<Settlement['state'], WithdrawalEvent>> = {
  REVERSAL_PENDING: 'reversing',
  REVERSED: 'reversed',
  SUSPECT: 'suspected',
  RESOLVED: 'resolved',
};

/** What an event brings with it. */
interface Circumstances {
  readonly reason?: string | undefined;
  readonly received?: ReceivedResult;
}

/** Takes what happens to withdrawals: one desk for each record. Everything is a function of the record and the state. */
export class DispenseDesk {
  readonly #stores: Stores;
  readonly #options: DeskOptions;
  readonly #record: RecordContext;
  readonly #tell: (told: Told) => void;

  constructor(stores: Stores, options: DeskOptions, record: RecordContext, tell: (told: Told) => void) {
    this.#stores = stores;
    this.#options = options;
    this.#record = record;
    this.#tell = tell;
  }

  withdrawal(key: string | null, input: RawInput): void {
    const request = checkWithdrawal(key, input);
    if ('code' in request) {
      this.#reject(request, input);
      return;
    }
    const known = this.#get(request.withdrawalId);
    if (known.request === undefined) this.#happen({ ...known, request }, 'requested');
    else if (JSON.stringify(known.request) !== JSON.stringify(request)) {
      this.#reject({ code: 'WITHDRAWAL_CONFLICT', reason: 'another withdrawal has this withdrawalId' }, input);
    }
  }

  result(key: string | null, input: RawInput): void {
    const result = checkResult(key, input);
    if ('code' in result) {
      this.#reject(result, input);
      return;
    }
    const known = this.#get(result.withdrawalId);
    const saying = sayingOf(result);
    // A confirmation that comes again says nothing new.
    if (known.seen.includes(saying)) return;
    if (known.seen.length >= RESULTS_MAX) {
      this.#reject({ code: 'TOO_MANY_RESULTS', reason: `${RESULTS_MAX} different results came before` }, input);
      return;
    }
    const heard = { ...known, seen: [...known.seen, saying] };
    const received = { result, source: this.#source(), at: this.#now() };
    if (known.state === 'NEW' || known.state === 'REQUESTED') this.#keepForLater(heard, received);
    else this.#judge(heard, received);
  }

  /** The ledger's answer to the hold, or to the settlement of a success. */
  answer({ action, status, code, reason, replyKey, taken }: LedgerAnswer): void {
    const known = this.#get(replyKey);
    if (known.request === undefined) return;
    const isDone = status === 'done';
    if (action === 'settle') {
      const posted = isDone ? { ...known, ...(taken === undefined ? {} : { taken }) } : { ...known, isPosted: false };
      this.#happen(posted, isDone ? 'posted' : 'post-refused', { reason });
      return;
    }
    if (known.state !== 'REQUESTED') return;
    const why = isDone ? {} : { code: code ?? '', reason: reason ?? '' };
    const decided = this.#happen({ ...known, ...why, early: [] }, isDone ? 'authorised' : 'refused');
    const [first, ...others] = known.early;
    if (first === undefined) return;
    if (others.length === 0) this.#judge(decided, first);
    else this.#judgeTogether(decided, known.early);
  }

  /** What reconciliation did. */
  settlement({ withdrawalId, state, taken, reversed, caseId, reason }: Settlement): void {
    const known = this.#get(withdrawalId);
    // What was done about results whose withdrawal is not here says nothing of the withdrawal.
    if (known.request === undefined) return;
    const isEnd = state === 'REVERSED' || state === 'RESOLVED';
    const settled = {
      ...known,
      ...(isEnd ? { taken, reversed } : {}),
      ...(caseId === undefined ? {} : { caseId }),
      ...(reason === undefined ? {} : { reason }),
    };
    this.#happen(settled, EVENT_OF_SETTLEMENT[state], { reason });
  }

  /** Time has come as far as the tick says. */
  tick({ at }: Tick): void {
    const due: Deadline[] = [];
    for (const [deadline] of this.#stores.deadlines.range(undefined, { at: at + 1, id: '' })) {
      due.push(deadline);
      if (due.length === FIRED_MAX) break;
    }
    for (const { id: withdrawalId } of due) {
      this.#happen(this.#get(withdrawalId), 'silence', { reason: 'no answer came in time' });
    }
  }

  #keepForLater(withdrawal: Withdrawal, received: ReceivedResult): void {
    const waiting = { ...withdrawal, early: [...withdrawal.early, received] };
    const isOrphan = withdrawal.state === 'NEW' && withdrawal.deadline === undefined;
    this.#put(isOrphan ? this.#withDeadline(waiting, this.#options.orphanAfterMs) : waiting);
  }

  /** What a result makes of a withdrawal that was authorised or refused. */
  #judge(withdrawal: Withdrawal, received: ReceivedResult): Withdrawal {
    const { result, source } = received;
    const request = withdrawal.request!;
    const heard = { ...withdrawal, proven: provenWith(withdrawal, request, result) };
    const refusal = checkAgainst(request, result);
    if (refusal === undefined) {
      return this.#happen(heard, EVENT_OF_RESULT[result.status], { reason: result.reason, received });
    }
    this.#reject(refusal, { ...result }, source);
    return this.#happen(heard, 'contradiction', { reason: `${refusal.code}: ${refusal.reason}`, received });
  }

  /**
   * Different words that were all there before the cash could come out: none of them may be believed before the others,
   * or money would be given back although a word that it was taken is at hand.
   */
  #judgeTogether(withdrawal: Withdrawal, early: readonly ReceivedResult[]): void {
    const words = early.filter(({ result }) => result.status !== 'DISPENSING');
    let current = withdrawal;
    for (const received of early) {
      const { status } = received.result;
      if (status === 'DISPENSING' || words.length === 1) current = this.#judge(current, received);
    }
    if (words.length <= 1) return;
    const reason = `${words.map(({ result }) => result.status).join(', ')} came before the authorisation`;
    const most = words.reduce((best, each) => (takenIn(current, each) > takenIn(current, best) ? each : best));
    const proven = provenWith(current, current.request!, most.result);
    this.#happen({ ...current, proven }, 'contradiction', { reason, received: most });
  }

  /** Makes the transition of an event, does what it asks for, and tells everyone. */
  #happen(before: Withdrawal, event: WithdrawalEvent, { reason, received }: Circumstances = {}): Withdrawal {
    const transition = transitionIn(this.#options.transitions, before.state, event);
    if (transition === undefined) return this.#put(event === 'silence' ? this.#withoutDeadline(before) : before);
    const at = received?.at ?? this.#now();
    const entry = { event, state: transition.to, at, ...(received?.source ?? this.#source()) };
    // Whatever happens next, the deadline that ran until now is over; DISPENSING goes on under the same one.
    const goesOn = transition.to === 'DISPENSING' && event === 'dispensing';
    const now = goesOn ? before : this.#withoutDeadline(before);
    let after: Withdrawal = {
      ...now,
      state: transition.to,
      // As long as nobody knows the withdrawal, nobody is told of it.
      version: before.version + (before.request === undefined ? 0 : 1),
      history: [...before.history, entry],
    };
    for (const effect of transition.effects) after = this.#do(effect, after, { reason, ...(received && { received }) });
    this.#put(after);
    if (after.request !== undefined) this.#tell({ status: statusOf(after, after.request, this.#now()) });
    return after;
  }

  #do(effect: Effect, withdrawal: Withdrawal, { reason, received }: Circumstances): Withdrawal {
    switch (effect.do) {
      case 'hold':
        this.#tell({ command: holdOf(withdrawal.request!) });
        return withdrawal;
      case 'wait':
        return this.#withDeadline(withdrawal, this.#options.answerWithinMs);
      case 'await':
        return this.#withDeadline(withdrawal, LEDGER_ANSWERS_WITHIN_MS);
      case 'settle':
        this.#tell({ command: settlementOf(withdrawal.request!, this.#now()) });
        return { ...withdrawal, isPosted: true };
      case 'report':
        return this.#report(effect.outcome, withdrawal, { reason, ...(received && { received }) });
      case 'correct':
        return withdrawal.reports === 0
          ? withdrawal
          : this.#report('LATE_SUCCESS', withdrawal, { reason, ...(received && { received }) });
    }
  }

  #report(outcome: FailedOutcome, withdrawal: Withdrawal, { reason = '', received }: Circumstances): Withdrawal {
    const terminalId = withdrawal.request?.terminalId ?? withdrawal.early[0]?.result.terminalId ?? '';
    const { reportedUnder = terminalId, reports } = withdrawal;
    const counted = { ...withdrawal, reports: reports + 1, reportedUnder };
    this.#tell({ failed: failedOf(counted, { outcome, reason, result: received?.result, now: this.#now() }) });
    return counted;
  }

  #withDeadline(withdrawal: Withdrawal, withinMs: number): Withdrawal {
    const { withdrawalId, state } = withdrawal;
    const at = this.#record.timestamp + withinMs;
    this.#stores.deadlines.put({ at, id: withdrawalId }, state);
    return { ...withdrawal, deadline: at };
  }

  #withoutDeadline(withdrawal: Withdrawal): Withdrawal {
    const { deadline, ...rest } = withdrawal;
    if (deadline === undefined) return withdrawal;
    this.#stores.deadlines.delete({ at: deadline, id: withdrawal.withdrawalId });
    return rest;
  }

  #reject({ code, reason }: Refusal, input: RawInput, source = this.#source()): void {
    const told = withoutCardData({ code, reason, withdrawalId: input.withdrawalId, record: input });
    this.#tell({ rejected: { ...(told as Omit<RejectedAtmRecord, 'source'>), source } });
  }

  #get(withdrawalId: string): Withdrawal {
    return this.#stores.withdrawals.get(withdrawalId) ?? newWithdrawal(withdrawalId);
  }

  #put(withdrawal: Withdrawal): Withdrawal {
    this.#stores.withdrawals.put(withdrawal.withdrawalId, withdrawal);
    return withdrawal;
  }

  #source() {
    const { topic, partition, offset } = this.#record;
    return { topic, partition, offset };
  }

  #now(): string {
    return new Date(this.#record.timestamp).toISOString();
  }
}

function takenIn({ request }: Withdrawal, { result }: ReceivedResult): bigint {
  return takenBy(request!, result);
}
