import { HeadraceError, jsonSerde, type Serde } from 'headrace';
import type { CaseEntry, Decision } from './events.ts';
import type { FailedDispense } from './messages.ts';

/** What the ledger was asked for and has not answered yet. */
export interface Asked {
  readonly commandId: string;
  /** RFC 3339: the same question again says the same. */
  readonly at: string;
  /** A settlement of the hold, or a transaction of its own. */
  readonly what: 'settle' | 'post';
  /** What is posted to the account in all when it is done, decimal text. */
  readonly taken: string;
  /** On whose word: the rules', or that of two persons. */
  readonly on: 'rule' | Decision;
  readonly persons: readonly string[];
}

/** What reconciliation knows of a withdrawal whose cash did not simply come out. */
export interface Dossier {
  readonly withdrawalId: string;
  readonly accountId: string;
  readonly terminalId: string;
  readonly amount: string;
  readonly currency: string;
  /** Whether the ledger refused the withdrawal: nothing was ever held. */
  readonly isRefused?: boolean;
  /** Of the last report taken: one that comes again is known by its number. */
  readonly lastNumber: number;
  /** What is posted to the account, once the hold is settled; none as long as the hold stands. */
  readonly taken?: string;
  /** The most that any word of the terminal proves as taken. */
  readonly proven: string;
  readonly asked?: Asked;
  /** What has been asked in all: numbers commands and transactions. */
  readonly askedCount: number;
  /** Tries of the settlement that the ledger could not place yet. */
  readonly attempts: number;
  /** When the ledger is asked again, milliseconds since 1970: it has not answered, or could not place it yet. */
  readonly deadline?: number;
  /** Whether the ledger has answered that it can't place the settlement yet. */
  readonly isBackingOff?: boolean;
  /** How often the same question was asked without an answer. */
  readonly unanswered?: number;
  /** Reports that came while the ledger was asked: considered after its answer. */
  readonly waiting: readonly FailedDispense[];
  /** Of a refund; it stays with the case. */
  readonly serialNumber?: string;
  readonly history: readonly CaseEntry[];
}

export const dossierSerde: Serde<Dossier> = jsonSerde((parsed) => {
  const dossier = parsed as Partial<Dossier> | null;
  if (
    typeof dossier?.withdrawalId === 'string' &&
    typeof dossier.proven === 'string' &&
    Array.isArray(dossier.waiting)
  ) {
    return dossier as Dossier;
  }
  throw new HeadraceError('DESERIALIZATION_FAILED', "What is known of a failed dispense can't be read");
});
