import { type Deadline, type KeyValueStore, maskCardNumbers, type RecordContext } from 'headrace';
import type { Asked, Dossier } from './dossier.ts';
import { type CaseCommand, type CaseEntry, caseIdOf, type ReconciliationCase, type RejectedCommand } from './events.ts';
import {
  amountText,
  commandIdOf,
  type LedgerRequest,
  minorOf,
  postRequest,
  type Settlement,
  settleRequest,
} from './messages.ts';

/** What processing a record tells others. */
export type Told =
  | { readonly case: ReconciliationCase }
  | { readonly settlement: Settlement }
  | { readonly command: LedgerRequest; readonly key: string }
  | { readonly rejected: RejectedCommand; readonly key: string | null };

export interface Stores {
  readonly dossiers: KeyValueStore<string, Dossier>;
  readonly cases: KeyValueStore<string, ReconciliationCase>;
  /** In the order of time. */
  readonly deadlines: KeyValueStore<Deadline, string>;
  /** The last serial number given out in this partition, under the name of its series. */
  readonly serials: KeyValueStore<string, number>;
}

/** Then it is asked again. */
export const LEDGER_ANSWERS_WITHIN_MS = 60_000;

/** The files of one partition, open for the record that is being processed: what every desk here reads, writes and tells. */
export class Office {
  readonly stores: Stores;
  readonly record: RecordContext;
  readonly #tell: (told: Told) => void;

  constructor(stores: Stores, record: RecordContext, tell: (told: Told) => void) {
    this.stores = stores;
    this.record = record;
    this.#tell = tell;
  }

  dossier(withdrawalId: string): Dossier | undefined {
    return this.stores.dossiers.get(withdrawalId);
  }

  case({ withdrawalId }: Dossier): ReconciliationCase | undefined {
    return this.stores.cases.get(caseIdOf(withdrawalId));
  }

  put(dossier: Dossier): void {
    this.stores.dossiers.put(dossier.withdrawalId, dossier);
  }

  putCase(each: ReconciliationCase): void {
    this.stores.cases.put(each.caseId, each);
    this.#tell({ case: each });
  }

  /** Asks the ledger; the dossier waits for the answer. */
  ask(before: Dossier, { what, taken, on, persons }: Omit<Asked, 'commandId' | 'at'>): void {
    const { isBackingOff: _past, unanswered: _answered, ...dossier } = before;
    const askedCount = dossier.askedCount + 1;
    const commandId = commandIdOf(dossier.withdrawalId, askedCount);
    const asked: Asked = { commandId, at: this.now(), what, taken, on, persons };
    this.#send({ ...dossier, askedCount }, asked);
  }

  /** The same question again, which gets the same answer: it, or the answer, may have become a dead letter. */
  askAgain(dossier: Dossier, asked: Asked): void {
    this.#send({ ...dossier, unanswered: (dossier.unanswered ?? 0) + 1 }, asked);
  }

  #send(dossier: Dossier, asked: Asked): void {
    const command = (asked.what === 'settle' ? settleRequest : postRequest)(dossier, asked, asked.at);
    this.put(this.withDeadline({ ...dossier, asked }, LEDGER_ANSWERS_WITHIN_MS));
    this.#tell({ command, key: dossier.accountId });
  }

  withDeadline(before: Dossier, withinMs: number): Dossier {
    const dossier = this.withoutDeadline(before);
    const at = this.record.timestamp + withinMs;
    this.stores.deadlines.put({ at, id: dossier.withdrawalId }, 'ledger');
    return { ...dossier, deadline: at };
  }

  withoutDeadline(dossier: Dossier): Dossier {
    const { deadline, ...rest } = dossier;
    if (deadline === undefined) return dossier;
    this.stores.deadlines.delete({ at: deadline, id: dossier.withdrawalId });
    return rest;
  }

  /** Tells the ATM system what was done. */
  tellSettlement(state: Settlement['state'], dossier: Dossier, reason?: string): void {
    const { withdrawalId, currency, amount } = dossier;
    const taken = minorOf(dossier.taken ?? '0', currency);
    // What the ledger refused was never held, and can't be given back.
    const held = dossier.isRefused === true ? 0n : minorOf(amount, currency);
    const reversed = dossier.taken === undefined || taken > held ? 0n : held - taken;
    const existing = this.case(dossier);
    const settlement: Settlement = {
      withdrawalId,
      state,
      taken: amountText(taken, currency),
      reversed: amountText(reversed, currency),
      ...(existing === undefined ? {} : { caseId: existing.caseId }),
      ...(reason === undefined || reason === '' ? {} : { reason: maskCardNumbers(reason) }),
    };
    this.#tell({ settlement });
  }

  reject(
    key: string | null,
    { commandId, caseId }: CaseCommand,
    { code, reason }: { readonly code: string; readonly reason: string },
  ): void {
    const { topic, partition, offset } = this.record;
    const source = { topic, partition, offset };
    const rejected = {
      code,
      reason: maskCardNumbers(reason),
      commandId: maskCardNumbers(commandId),
      caseId: maskCardNumbers(caseId),
      source,
    };
    this.#tell({ rejected, key });
  }

  /** A line of the history about the record that is being processed. */
  entry(event: string, note?: string): CaseEntry {
    const { topic, partition, offset } = this.record;
    const said = note === undefined || note === '' ? {} : { note: maskCardNumbers(note) };
    return { event, state: '', at: this.now(), topic, partition, offset, ...said };
  }

  now(): string {
    return new Date(this.record.timestamp).toISOString();
  }
}

export function withEntry(dossier: Dossier, entry: CaseEntry): Dossier {
  return { ...dossier, history: [...dossier.history, entry] };
}
