import { containsCardNumber, currencyExponent, HeadraceError, parseMinorUnits } from 'headrace';
import { CLOSED_BY_A_CLEAR_WORD } from './cases.ts';
import type { Dossier } from './dossier.ts';
import { type CaseCommand, type CaseKind, DECISIONS, type Decision, type ReconciliationCase } from './events.ts';
import { FAILED_OUTCOMES, type FailedDispense, type FailedOutcome, minorOf } from './messages.ts';

/** How what a report says was taken compares with what is posted; `hold` as long as nothing is settled. */
export type Standing = 'hold' | 'less' | 'same' | 'more';

/** What is done about a report. */
export type Action =
  /** The ledger is asked to post what the terminal says was taken, and to give the rest back. */
  | { readonly do: 'settle' }
  /** A person must look at it. */
  | { readonly do: 'open'; readonly kind: CaseKind }
  /** It changes nothing, and stands in the history. */
  | { readonly do: 'note' };

export interface EvidenceRule {
  readonly outcome: FailedOutcome;
  readonly standing: Standing;
  readonly action: Action;
}

const settle: Action = { do: 'settle' };
const note: Action = { do: 'note' };
const open = (kind: CaseKind): Action => ({ do: 'open', kind });

function rows(outcome: FailedOutcome, actions: Readonly<Record<Standing, Action>>): readonly EvidenceRule[] {
  return (Object.keys(actions) as Standing[]).map((standing) => ({ outcome, standing, action: actions[standing] }));
}

/** The word of the terminal is clear: it decides while the hold stands, and is held against the books afterwards. */
const CLEAR = { hold: settle, less: open('contradiction'), same: note, more: open('re-debit') };

/** What is done about a report of the ATM system, by what it says and how the books stand. */
export const EVIDENCE_RULES: readonly EvidenceRule[] = [
  ...rows('NOT_DISPENSED', CLEAR),
  ...rows('PARTIAL', CLEAR),
  ...rows('LATE_SUCCESS', CLEAR),
  ...rows('UNKNOWN', { hold: open('unknown-outcome'), less: note, same: note, more: note }),
  ...rows('ORPHAN', { hold: open('orphan'), less: note, same: note, more: note }),
  ...rows('RETRACTED', {
    hold: open('retracted'),
    less: open('contradiction'),
    same: open('retracted'),
    more: open('retracted'),
  }),
  ...rows('CONTRADICTION', {
    hold: open('contradiction'),
    less: open('contradiction'),
    same: open('contradiction'),
    more: open('contradiction'),
  }),
];

export function actionFor(
  rules: readonly EvidenceRule[],
  failed: FailedDispense,
  dossier: Dossier,
  existing: ReconciliationCase | undefined,
): Action {
  const standing = standingOf(failed, dossier);
  const rule = rules.find((each) => each.outcome === failed.outcome && each.standing === standing);
  const action = rule?.action ?? note;
  const isForPersons =
    existing !== undefined && existing.status !== 'resolved' && !CLOSED_BY_A_CLEAR_WORD.has(existing.kind);
  if (action.do !== 'settle') return action;
  if (isForPersons) return note;
  // Whatever the word is: no rule gives back what another word proves as taken.
  const isBelowProof = minorOf(failed.taken, dossier.currency) < minorOf(dossier.proven, dossier.currency);
  return isBelowProof ? open('contradiction') : action;
}

function standingOf({ taken }: FailedDispense, dossier: Dossier): Standing {
  if (dossier.taken === undefined) return 'hold';
  const { currency } = dossier;
  const [said, posted] = [minorOf(taken, currency), minorOf(dossier.taken, currency)];
  return said > posted ? 'more' : said < posted ? 'less' : 'same';
}

/** A decision of persons, worked out: what is posted in all afterwards, and what that moves. */
export interface Move {
  readonly what: 'settle' | 'post';
  /** Minor units. */
  readonly taken: bigint;
  /** From the customer's view: above zero is given to them. */
  readonly moved: bigint;
}

/** Why a command is refused. */
export interface CommandRefusal {
  readonly code:
    | (typeof COMMAND_RULES)[number]['code']
    | 'DECISION_MOVES_NOTHING'
    | 'HOLD_OPEN'
    | 'ACCOUNT_UNKNOWN'
    | 'TAKEN_INVALID'
    | 'SAME_PERSON';
  readonly reason: string;
}

interface Asking {
  /** The record's key: the terminal. */
  readonly key: string | null;
  readonly command: CaseCommand;
  readonly existing: ReconciliationCase | undefined;
}

const rule = <const Code extends string>(
  code: Code,
  meaning: string,
  refuses: (asking: Asking) => string | undefined,
) => ({ code, meaning, refuses });

const NAME_LENGTH_MAX = 100;
const NOTE_LENGTH_MAX = 1_000;

/** Rules about what a person wants done with a case, in the order in which they are checked. */
export const COMMAND_RULES = [
  rule('CASE_UNKNOWN', 'there is no such case at this terminal', ({ key, existing }) =>
    existing === undefined || key !== existing.terminalId ? 'there is no such case' : undefined,
  ),
  rule('FIELD_INVALID', 'a name, note or decision is missing or too long', ({ command }) => {
    const { action, by, to, decision, taken, note: text } = command;
    if (taken !== undefined && !isText(taken, NAME_LENGTH_MAX)) return 'taken must be a text such as "20.00"';
    if (!isText(by, NAME_LENGTH_MAX)) return 'by must be the name of a person';
    if (text !== undefined && !isText(text, NOTE_LENGTH_MAX))
      return `note is longer than ${NOTE_LENGTH_MAX} characters`;
    if (action === 'assign') return isText(to, NAME_LENGTH_MAX) ? undefined : 'to must be the name of a person';
    return DECISIONS.includes(decision as Decision) ? undefined : `decision must be one of ${DECISIONS.join(', ')}`;
  }),
  rule('CARD_NUMBER', 'a field holds what looks like a card number', ({ command: { by, to, note: text } }) =>
    [by, to, text].some((each) => each !== undefined && containsCardNumber(each))
      ? 'card numbers must not come in'
      : undefined,
  ),
  rule('CASE_RESOLVED', 'the case is resolved', ({ existing }) =>
    existing!.status === 'resolved' ? 'it is resolved already' : undefined,
  ),
  rule('CASE_RESOLVING', 'the ledger has not answered yet', ({ existing }) =>
    existing!.status === 'resolving' ? 'the ledger is carrying a decision out; look again in a moment' : undefined,
  ),
] as const;

export function checkCommand(asking: Asking): CommandRefusal | undefined {
  for (const { code, refuses } of COMMAND_RULES) {
    const reason = refuses(asking);
    if (reason !== undefined) return { code, reason };
  }
  return undefined;
}

/** What a decision does to the books, or why it can't be carried out. `said` is what persons say was taken. */
export function moveOf(
  decision: Decision,
  dossier: Dossier,
  kind: CaseKind,
  said: string | undefined,
): Move | CommandRefusal {
  const { currency, accountId } = dossier;
  const amount = minorOf(dossier.amount, currency);
  const proven = minorOf(dossier.proven, currency);
  const isHeld = dossier.taken === undefined;
  if (accountId === '') {
    return decision === 'dismiss'
      ? { what: 'post', taken: 0n, moved: 0n }
      : { code: 'ACCOUNT_UNKNOWN', reason: 'nobody knows the account; the case can only be dismissed' };
  }
  const posted = isHeld ? 0n : minorOf(dossier.taken!, currency);
  if (decision === 'dismiss') {
    return isHeld
      ? { code: 'HOLD_OPEN', reason: `${dossier.amount} ${currency} are still held; decide refund or re-debit` }
      : { what: 'post', taken: posted, moved: 0n };
  }
  let target = decision === 'refund' ? refunded(kind, proven, isHeld) : reDebited(amount, proven, isHeld);
  if (said !== undefined) {
    const parsed = parseMinorUnits(said, currencyExponent(currency) ?? 0);
    if (typeof parsed !== 'bigint' || parsed < 0n || parsed > amount) {
      return { code: 'TAKEN_INVALID', reason: `taken must be an amount of ${currency} up to ${dossier.amount}` };
    }
    target = parsed;
  }
  // While it is held, the customer has nothing of it: what is let go is given back, what is posted is taken.
  const moved = isHeld ? (decision === 'refund' ? amount - target : -target) : posted - target;
  const isRightWay = decision === 'refund' ? moved > 0n : moved < 0n;
  return isRightWay
    ? { what: isHeld ? 'settle' : 'post', taken: target, moved }
    : {
        code: 'DECISION_MOVES_NOTHING',
        reason: `a ${decision} would give nothing ${decision === 'refund' ? 'back' : 'more to post'}, as the terminal's words stand; say what was taken`,
      };
}

/** What stays posted after a refund: what is proven as taken; nothing where the terminal was silent. */
function refunded(kind: CaseKind, proven: bigint, isHeld: boolean): bigint {
  return kind === 'unknown-outcome' && isHeld ? 0n : proven;
}

/** What is posted after a re-debit: what is proven as taken; the whole amount where it is held and nothing is proven. */
function reDebited(amount: bigint, proven: bigint, isHeld: boolean): bigint {
  return proven === 0n && isHeld ? amount : proven;
}

/** Whether what moves money would be confirmed by who proposed it. Names as people write them: case, width and spaces at the ends make no other person. */
export function isSamePerson(left: string, right: string): boolean {
  const plain = (name: string) => name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
  return plain(left) === plain(right);
}

function isText(value: unknown, longest: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longest;
}

/** Reads a parsed value of `reconciliation.commands`. Throws DESERIALIZATION_FAILED where it can't be attributed. */
export function toCaseCommand(parsed: unknown): CaseCommand {
  const { commandId, caseId, action } = toObject(parsed);
  if (typeof commandId !== 'string' || commandId === '' || typeof caseId !== 'string' || caseId === '') {
    throw invalid('A command needs commandId and caseId');
  }
  if (action !== 'assign' && action !== 'resolve') throw invalid('action must be assign or resolve');
  return parsed as CaseCommand;
}

/** Reads a parsed value of `atm.dispense.failed`. Throws DESERIALIZATION_FAILED. */
export function toFailedDispense(parsed: unknown): FailedDispense {
  const fields = toObject(parsed);
  for (const name of ['withdrawalId', 'accountId', 'terminalId', 'amount', 'currency', 'taken']) {
    if (typeof fields[name] !== 'string') throw invalid(`A failed dispense needs ${name}: a text`);
  }
  if (!Number.isSafeInteger(fields.number) || (fields.number as number) < 1) throw invalid('number must count from 1');
  if (!FAILED_OUTCOMES.includes(fields.outcome as FailedOutcome)) {
    throw invalid(`outcome must be one of ${FAILED_OUTCOMES.join(', ')}`);
  }
  return { reason: '', isPosted: false, history: [], ...fields } as unknown as FailedDispense;
}

export function toObject(parsed: unknown): Readonly<Record<string, unknown>> {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid('It must be a JSON object');
  return parsed as Readonly<Record<string, unknown>>;
}

function invalid(message: string): HeadraceError {
  return new HeadraceError('DESERIALIZATION_FAILED', message);
}
