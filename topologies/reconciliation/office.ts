import { type KeyValueStore, maskCardNumbers, type RecordContext } from 'headrace';
import type { Asked, Deadline, Dossier } from './dossier.ts';
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
  ask(dossier: Dossier, { what, taken, on, persons }: Omit<Asked, 'commandId'>): void {
    const askedCount = dossier.askedCount + 1;
    const asked: Asked = { commandId: commandIdOf(dossier.withdrawalId, askedCount), what, taken, on, persons };
    const command = (what === 'settle' ? settleRequest : postRequest)(dossier, asked, this.now());
    this.put({ ...dossier, askedCount, asked });
    this.#tell({ command, key: dossier.accountId });
  }

  /** Tells the ATM system what was done. */
  tellSettlement(state: Settlement['state'], dossier: Dossier, reason?: string): void {
    const { withdrawalId, currency, amount } = dossier;
    const taken = minorOf(dossier.taken ?? '0', currency);
    const reversed = dossier.taken === undefined ? 0n : minorOf(amount, currency) - taken;
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
