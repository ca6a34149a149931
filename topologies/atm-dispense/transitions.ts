import type { FailedOutcome, WithdrawalStateName } from './events.ts';

/** What can happen to a withdrawal. */
export const EVENTS = [
  /** `atm.withdrawals` */
  'requested',
  /** `ledger.outcomes`: of the hold */
  'authorised',
  'refused',
  /** `atm.dispense-results` */
  'dispensing',
  'success',
  'partial',
  'fail',
  'retracted',
  /** A result that the withdrawal excludes: another terminal, more than was asked for ... */
  'contradiction',
  /** `atm.timers`: no answer in time */
  'silence',
  /** `ledger.outcomes`: of the settlement that a success asks for */
  'posted',
  'post-refused',
  /** `atm.settlements` */
  'reversing',
  'reversed',
  'suspected',
  'resolved',
] as const;
export type WithdrawalEvent = (typeof EVENTS)[number];

/** What a transition asks for. */
export type Effect =
  /** Asks the ledger for a hold of the amount. */
  | { readonly do: 'hold' }
  /** From now on the terminal's answer is waited for. */
  | { readonly do: 'wait' }
  /** From now on the ledger's answer is waited for; asking again gets the same one. */
  | { readonly do: 'await' }
  /** Tells reconciliation that all went well, where it has been told of the withdrawal before. */
  | { readonly do: 'correct' }
  /** Asks the ledger to post the whole amount. */
  | { readonly do: 'settle' }
  /** Tells reconciliation. */
  | { readonly do: 'report'; readonly outcome: FailedOutcome };

export interface Transition {
  /** `NEW`: nothing is known of the withdrawal, or only results that came before it. */
  readonly from: WithdrawalStateName | 'NEW';
  readonly event: WithdrawalEvent;
  readonly to: WithdrawalStateName | 'NEW';
  readonly effects: readonly Effect[];
}

type From = Transition['from'];

function row(from: From, event: WithdrawalEvent, to: From, ...effects: readonly Effect[]): Transition {
  return { from, event, to, effects };
}

/** The same event in several states, the state stays. */
function stay(states: readonly From[], event: WithdrawalEvent, ...effects: readonly Effect[]): readonly Transition[] {
  return states.map((state) => row(state, event, state, ...effects));
}

function go(states: readonly From[], event: WithdrawalEvent, to: WithdrawalStateName): readonly Transition[] {
  return states.map((state) => row(state, event, to));
}

const report = (outcome: FailedOutcome): Effect => ({ do: 'report', outcome });

/** The terminal was told to pay out, and has not said how it went. */
const WAITING = ['AUTHORISED', 'DISPENSING'] as const;
/** Given up as failed: what a terminal says now changes no state here, it is evidence for reconciliation. */
const GIVEN_UP = [
  'PARTIAL',
  'NOT_DISPENSED',
  'RETRACTED',
  'UNKNOWN',
  'REVERSAL_PENDING',
  'REVERSED',
  'SUSPECT',
  'RESOLVED',
] as const;

/**
 * The life of a withdrawal, row by row; README.md draws it. What is in no row changes nothing. A silence is UNKNOWN and
 * never a failure; once the cash is unaccounted for, only reconciliation moves the state.
 */
export const TRANSITIONS: readonly Transition[] = [
  row('NEW', 'requested', 'REQUESTED', { do: 'hold' }, { do: 'await' }),
  // Results came, and the withdrawal never did.
  row('NEW', 'silence', 'NEW', report('ORPHAN')),
  row('REQUESTED', 'silence', 'REQUESTED', { do: 'hold' }, { do: 'await' }),
  row('REQUESTED', 'authorised', 'AUTHORISED', { do: 'wait' }),
  row('REQUESTED', 'refused', 'REFUSED'),

  row('AUTHORISED', 'dispensing', 'DISPENSING'),
  ...WAITING.flatMap((state) => [
    row(state, 'success', 'DISPENSED', { do: 'settle' }, { do: 'await' }, { do: 'correct' }),
    row(state, 'partial', 'PARTIAL', report('PARTIAL')),
    row(state, 'fail', 'NOT_DISPENSED', report('NOT_DISPENSED')),
    row(state, 'retracted', 'RETRACTED', report('RETRACTED')),
    row(state, 'contradiction', 'UNKNOWN', report('CONTRADICTION')),
    row(state, 'silence', 'UNKNOWN', report('UNKNOWN')),
  ]),

  ...stay(['DISPENSED'], 'silence', { do: 'settle' }, { do: 'await' }),
  // The debit is posted or being posted; a word against it is for a person.
  ...stay(['DISPENSED'], 'partial', report('CONTRADICTION')),
  ...stay(['DISPENSED'], 'fail', report('CONTRADICTION')),
  ...stay(['DISPENSED'], 'retracted', report('CONTRADICTION')),
  ...stay(['DISPENSED'], 'contradiction', report('CONTRADICTION')),

  // Cash that came out although nobody allowed it.
  ...stay(['REFUSED'], 'success', report('LATE_SUCCESS')),
  ...stay(['REFUSED'], 'partial', report('LATE_SUCCESS')),
  ...stay(['REFUSED'], 'retracted', report('RETRACTED')),
  ...stay(['REFUSED'], 'contradiction', report('CONTRADICTION')),

  ...stay(GIVEN_UP, 'success', report('LATE_SUCCESS')),
  ...stay(GIVEN_UP, 'partial', report('PARTIAL')),
  ...stay(GIVEN_UP, 'fail', report('NOT_DISPENSED')),
  ...stay(GIVEN_UP, 'retracted', report('RETRACTED')),
  ...stay(GIVEN_UP, 'contradiction', report('CONTRADICTION')),

  // The state may have moved on before the ledger's answer came.
  ...stay(['DISPENSED', 'SUSPECT'], 'posted'),
  ...stay(['DISPENSED', 'SUSPECT'], 'post-refused', report('CONTRADICTION')),

  ...go(['PARTIAL', 'NOT_DISPENSED'], 'reversing', 'REVERSAL_PENDING'),
  ...go(['REVERSAL_PENDING'], 'reversed', 'REVERSED'),
  ...go(
    ['REFUSED', 'DISPENSED', 'RETRACTED', 'UNKNOWN', 'REVERSAL_PENDING', 'REVERSED', 'RESOLVED'],
    'suspected',
    'SUSPECT',
  ),
  ...go(['SUSPECT', 'REVERSAL_PENDING'], 'resolved', 'RESOLVED'),
];

/** The row for an event in a state; undefined where the event changes nothing. */
export function transitionIn(
  transitions: readonly Transition[],
  from: From,
  event: WithdrawalEvent,
): Transition | undefined {
  return transitions.find((each) => each.from === from && each.event === event);
}
