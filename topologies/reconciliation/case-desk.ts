import { changeCase, resolveCase, type Step } from './cases.ts';
import type { Dossier } from './dossier.ts';
import type { CaseCommand, ReconciliationCase } from './events.ts';
import { amountText } from './messages.ts';
import { type Office, withEntry } from './office.ts';
import { checkCommand, isSamePerson, moveOf } from './rules.ts';

const REFUNDS = 'refund';

/** What persons do about cases. */
export class CaseDesk {
  readonly #office: Office;

  constructor(office: Office) {
    this.#office = office;
  }

  command(key: string | null, command: CaseCommand): void {
    const existing = this.#office.stores.cases.get(command.caseId);
    // The same command again is done already.
    if (existing?.history.some(({ commandId }) => commandId === command.commandId)) return;
    const refusal = checkCommand({ key, command, existing });
    if (refusal !== undefined) {
      this.#office.reject(key, command, refusal);
      return;
    }
    const dossier = this.#office.dossier(existing!.withdrawalId)!;
    if (command.action === 'assign') this.#assign(existing!, dossier, command);
    else if (dossier.asked === undefined) this.#decide(key, existing!, dossier, command);
    else {
      const reason = 'the ledger has not answered yet; look again in a moment';
      this.#office.reject(key, command, { code: 'CASE_RESOLVING', reason });
    }
  }

  #assign(existing: ReconciliationCase, before: Dossier, command: CaseCommand): void {
    const status = existing.status === 'open' ? 'assigned' : existing.status;
    const step = this.#step(before, `assigned to ${command.to}`, status, command);
    this.#office.putCase(changeCase(existing, step, { assignee: command.to!, status }));
  }

  #decide(key: string | null, existing: ReconciliationCase, before: Dossier, command: CaseCommand): void {
    const decision = command.decision!;
    const move = moveOf(decision, before, existing.kind, command.taken);
    if ('code' in move) {
      this.#office.reject(key, command, move);
      return;
    }
    const { by, note } = command;
    if (decision === 'dismiss') {
      const step = this.#step(before, 'dismissed', 'resolved', command);
      const moved = amountText(0n, before.currency);
      this.#office.putCase(resolveCase(existing, step, { decision, persons: [by], moved }));
      this.#office.tellSettlement('RESOLVED', step.dossier, 'dismissed');
      return;
    }
    const taken = amountText(move.taken, before.currency);
    // The second person confirms what the first one proposed: where it moves another amount by now, it is a new proposal.
    if (existing.proposal?.decision !== decision || existing.proposal.taken !== taken) {
      const step = this.#step(before, `proposed ${decision}`, 'proposed', command);
      const proposal = { decision, by, taken, ...(note === undefined ? {} : { note }) };
      this.#office.putCase(changeCase(existing, step, { status: 'proposed', proposal }));
      return;
    }
    if (isSamePerson(existing.proposal.by, by)) {
      const reason = `${by} has proposed it; another person must confirm`;
      this.#office.reject(key, command, { code: 'SAME_PERSON', reason });
      return;
    }
    const step = this.#step(before, `confirmed ${decision}`, 'resolving', command);
    this.#office.putCase(changeCase(existing, step, { status: 'resolving' }));
    const dossier = decision === 'refund' ? this.#withSerialNumber(step.dossier) : step.dossier;
    this.#office.ask(dossier, { what: move.what, taken, on: decision, persons: [existing.proposal.by, by] });
  }

  #step(before: Dossier, event: string, state: string, { commandId, by, note }: CaseCommand): Step {
    const entry = { ...this.#office.entry(event, note), state, by, commandId };
    const dossier = withEntry(before, entry);
    this.#office.put(dossier);
    return { entry, dossier };
  }

  /** Gapless within the partition: the number stays with the case, whatever becomes of the refund. */
  #withSerialNumber(dossier: Dossier): Dossier {
    if (dossier.serialNumber !== undefined) return dossier;
    const { serials } = this.#office.stores;
    const next = (serials.get(REFUNDS) ?? 0) + 1;
    serials.put(REFUNDS, next);
    return { ...dossier, serialNumber: `R${this.#office.record.partition}-${next}` };
  }
}
