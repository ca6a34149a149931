import type { Deadline } from 'headrace';
import { changeCase, openCase, resolveCase } from './cases.ts';
import type { Asked, Dossier } from './dossier.ts';
import type { CaseKind } from './events.ts';
import { amountText, entriesOf, type FailedDispense, type LedgerAnswer, minorOf, withdrawalOf } from './messages.ts';
import { type Office, withEntry } from './office.ts';
import { actionFor, type EvidenceRule } from './rules.ts';

export interface ReconcilerOptions {
  readonly rules: readonly EvidenceRule[];
  /** Wait before the second try of a settlement; it doubles with every try. */
  readonly retryMs: number;
}

/** Tries of a settlement that the ledger can't place yet, before a person looks at it. */
export const ATTEMPTS_MAX = 6;
/** Deadlines that one tick fires at most; the rest stays due for the next. */
const FIRED_MAX = 1_000;
/** So often the ledger is asked the same before a person looks at it. */
const UNANSWERED_MAX = 10;

/** Settles failed dispenses by rule. Everything is a function of the record and the state. */
export class Reconciler {
  readonly #office: Office;
  readonly #options: ReconcilerOptions;

  constructor(office: Office, options: ReconcilerOptions) {
    this.#office = office;
    this.#options = options;
  }

  /** A report of the ATM system. Each number is taken once. */
  failed(failed: FailedDispense): void {
    const known = this.#office.dossier(failed.withdrawalId);
    if (known !== undefined && failed.number <= known.lastNumber) return;
    const dossier = this.#noted(known ?? newDossier(failed), failed);
    if (dossier.asked === undefined) this.#consider(dossier, failed);
    else this.#office.put({ ...dossier, waiting: [...dossier.waiting, failed] });
  }

  /** The ledger's answer. */
  answer(answer: LedgerAnswer): void {
    const dossier = this.#office.dossier(withdrawalOf(answer.commandId));
    if (dossier?.asked?.commandId !== answer.commandId || dossier.isBackingOff === true) return;
    const answered = this.#office.withoutDeadline(dossier);
    const { asked: _asked, ...rest } = answered;
    if (answer.status === 'done') this.#done(rest, dossier.asked);
    else this.#refused(answered, dossier.asked, answer);
    this.#considerWaiting(dossier.withdrawalId);
  }

  /** Time has come as far as the tick says: tries again what is due. */
  tick(at: number): void {
    const { deadlines } = this.#office.stores;
    const due: Deadline[] = [];
    for (const [deadline] of deadlines.range(undefined, { at: at + 1, id: '' })) {
      due.push(deadline);
      if (due.length === FIRED_MAX) break;
    }
    for (const { id: withdrawalId } of due) {
      const { asked, ...dossier } = this.#office.withoutDeadline(this.#office.dossier(withdrawalId)!);
      if (dossier.isBackingOff === true) this.#office.ask(dossier, asked!);
      else if ((dossier.unanswered ?? 0) < UNANSWERED_MAX) this.#office.askAgain(dossier, asked!);
      else {
        this.#park(withEntry(dossier, this.#office.entry('unanswered')), 'the ledger does not answer');
        this.#considerWaiting(withdrawalId);
      }
    }
  }

  /** Does what the rules say about a report. */
  #consider(dossier: Dossier, failed: FailedDispense): void {
    if (failed.isPosted && dossier.taken === undefined) {
      // The dispense has asked for the debit itself; asking for the same again tells what the ledger made of it.
      const waiting = [failed, ...dossier.waiting];
      this.#office.ask({ ...dossier, waiting }, { what: 'settle', taken: dossier.amount, on: 'rule', persons: [] });
      return;
    }
    const existing = this.#office.case(dossier);
    const action = actionFor(this.#options.rules, failed, dossier, existing);
    if (action.do === 'open') this.#open(dossier, action.kind, failed.reason || failed.outcome);
    else this.#note(dossier);
    if (action.do !== 'settle') return;
    // Of an orphan's case the ATM system does not know.
    if ((existing === undefined || existing.kind === 'orphan') && failed.outcome !== 'LATE_SUCCESS') {
      this.#office.tellSettlement('REVERSAL_PENDING', dossier, failed.reason);
    }
    this.#office.ask(dossier, { what: 'settle', taken: failed.taken, on: 'rule', persons: [] });
  }

  #considerWaiting(withdrawalId: string): void {
    for (;;) {
      const dossier = this.#office.dossier(withdrawalId)!;
      const [next, ...waiting] = dossier.waiting;
      if (next === undefined || dossier.asked !== undefined) return;
      this.#consider({ ...dossier, waiting }, next);
    }
  }

  /** The ledger has done what it was asked for: `taken` is posted in all. */
  #done(before: Dossier, asked: Asked): void {
    const { taken, on, persons } = asked;
    const { amount, currency, serialNumber } = before;
    const entry = this.#office.entry('settled', `${taken} ${currency} posted in all`);
    // Each refund has a number of its own.
    const { serialNumber: _used, ...rest } = withEntry(before, entry);
    const kept = on === 'refund' || serialNumber === undefined ? {} : { serialNumber };
    const dossier: Dossier = { ...rest, ...kept, taken, attempts: 0 };
    const existing = this.#office.case(dossier);
    const isInCase = existing !== undefined && existing.status !== 'resolved';
    this.#office.put(dossier);
    if (isInCase) {
      const resolved = {
        decision: on === 'rule' ? ('by-rule' as const) : on,
        persons,
        moved: movedBy(before, asked),
        serialNumber: on === 'refund' ? serialNumber : undefined,
      };
      this.#office.putCase(resolveCase(existing, { entry, dossier }, resolved));
    }
    const isAll = minorOf(taken, currency) === minorOf(amount, currency);
    this.#office.tellSettlement(isInCase || isAll ? 'RESOLVED' : 'REVERSED', dossier);
  }

  #refused(before: Dossier, asked: Asked, { code = '', reason = '', taken }: LedgerAnswer): void {
    const noted = withEntry(before, this.#office.entry(`refused ${code}`, reason));
    const isSettlement = asked.what === 'settle';
    if (isSettlement && code === 'HOLD_UNKNOWN' && before.attempts + 1 < ATTEMPTS_MAX) {
      this.#retryLater(noted);
      return;
    }
    const { asked: _asked, ...rest } = noted;
    if (isSettlement && (code === 'ALREADY_SETTLED' || code === 'HOLD_REFUSED')) {
      // The books are settled otherwise than wanted, or nothing was ever held: what is proven is held against them.
      const settled = { ...rest, taken: taken ?? amountText(0n, before.currency) };
      const isShort = minorOf(settled.proven, settled.currency) > minorOf(settled.taken, settled.currency);
      this.#open(settled, isShort ? 're-debit' : 'contradiction', `${code}: ${reason}`);
    } else this.#park(rest, `${code}: ${reason}`);
  }

  /** What the ledger can't do is for a person. What waits is not asked for again by itself: it would end here again. */
  #park(dossier: Dossier, reason: string): void {
    const { unanswered: _unanswered, ...rest } = dossier;
    const waiting = dossier.waiting.map((each) => ({ ...each, isPosted: false }));
    this.#open({ ...rest, attempts: 0, waiting }, 'parked', reason);
  }

  #retryLater(dossier: Dossier): void {
    const { attempts } = dossier;
    const waiting = { ...dossier, attempts: attempts + 1, isBackingOff: true };
    this.#office.put(this.#office.withDeadline(waiting, this.#options.retryMs * 2 ** attempts));
  }

  #open(dossier: Dossier, kind: CaseKind, reason: string): void {
    const step = { entry: dossier.history.at(-1)!, dossier };
    this.#office.put(dossier);
    this.#office.putCase(openCase(this.#office.case(dossier), step, kind, reason));
    // Of an orphan the ATM system knows no withdrawal that could be suspect.
    if (kind !== 'orphan') this.#office.tellSettlement('SUSPECT', dossier, reason);
  }

  /** A report that opens nothing stands in the history, of the case too where there is one. */
  #note(dossier: Dossier): void {
    this.#office.put(dossier);
    const existing = this.#office.case(dossier);
    if (existing === undefined) return;
    this.#office.putCase(changeCase(existing, { entry: dossier.history.at(-1)!, dossier }, {}));
  }

  #noted(dossier: Dossier, failed: FailedDispense): Dossier {
    const isOrphan = dossier.accountId === '';
    const about = isOrphan ? factsOf(failed) : {};
    const currency = isOrphan ? failed.currency : dossier.currency;
    const said = failed.proven ?? failed.taken;
    const isMore = isOrphan || minorOf(said, currency) > minorOf(dossier.proven, currency);
    const refused =
      failed.isRefused === true ? { isRefused: true, taken: dossier.taken ?? amountText(0n, currency) } : {};
    const entry = this.#office.entry(`reported ${failed.outcome}`, failed.reason);
    return {
      ...dossier,
      ...about,
      lastNumber: failed.number,
      ...refused,
      proven: isMore ? said : dossier.proven,
      history: entriesOf(failed, entry, dossier.history),
    };
  }
}

/** What an answered request moved, from the customer's view: what is let go of a hold is given back. */
function movedBy({ amount, currency, taken: posted }: Dossier, { taken, on }: Asked): string {
  const now = minorOf(taken, currency);
  if (posted !== undefined) return amountText(minorOf(posted, currency) - now, currency);
  return amountText(on === 're-debit' ? -now : minorOf(amount, currency) - now, currency);
}

function newDossier(failed: FailedDispense): Dossier {
  return {
    withdrawalId: failed.withdrawalId,
    ...factsOf(failed),
    lastNumber: 0,
    proven: failed.proven ?? failed.taken,
    askedCount: 0,
    attempts: 0,
    waiting: [],
    history: [],
  };
}

function factsOf({ accountId, terminalId, amount, currency }: FailedDispense) {
  return { accountId, terminalId, amount, currency };
}
