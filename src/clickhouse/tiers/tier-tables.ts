/** What becomes of a table's rows with age. */
export interface TierTable {
  /** Without its database. */
  readonly name: string;
  /** The column with the time at which a row came in. */
  readonly takenInAt: 'recorded_at' | 'taken_in_at';
  /** Whether its parts go to colder tiers: it is cut into months, so that parts grow old. */
  readonly isMoved: boolean;
  /** Whether its rows may be deleted behind the retention: they are facts, and none stands for the present. */
  readonly expires: boolean;
}

const facts = { takenInAt: 'recorded_at', isMoved: true, expires: true } as const;
/** Of two versions the earlier one would come to light again if the later one went first: they stay. */
const presentStates = { takenInAt: 'recorded_at', isMoved: true, expires: false } as const;
/** Not cut into months: their parts hold new rows for ever. They are read at random, and small. */
const lookUps = { takenInAt: 'recorded_at', isMoved: false, expires: true } as const;
const refusals = { takenInAt: 'taken_in_at', isMoved: false, expires: true } as const;

/** Balances, daily summaries and the records of migrations are not here: they stay where they are, for ever. */
export const TIER_TABLES: readonly TierTable[] = [
  { name: 'transactions_rows', ...facts },
  { name: 'postings_rows', ...facts },
  { name: 'failed_dispenses_rows', ...facts },
  { name: 'withdrawals_rows', ...presentStates },
  { name: 'reconciliation_cases_rows', ...presentStates },
  { name: 'transactions_by_id_rows', ...lookUps },
  { name: 'transactions_by_reference_rows', ...lookUps },
  { name: 'rejected_transactions_rows', ...refusals },
  { name: 'rejected_withdrawals_rows', ...refusals },
  { name: 'rejected_case_commands_rows', ...refusals },
  { name: 'dead_letters_rows', ...refusals },
];
