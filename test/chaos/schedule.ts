/** The named points at which a run is killed; docs/ARCHITECTURE.md draws them. */
export const CORE_STEPS = [
  // The ledger's commit.
  'commit:seal',
  'commit:submit',
  'commit:durable',
  'commit:apply',
  // Inside the log, below that commit and below the producers' appends.
  'log:append-queued',
  'log:commit-begin',
  'log:commit-written',
  'log:commit-synced',
  // The sink's protocol.
  'sink:cut',
  'sink:intent',
  'sink:settle',
  'sink:insert',
  'sink:offsets',
] as const;
/** The commits of the two systems around withdrawals. */
export const CASH_STEPS = [
  'atm-commit:seal',
  'atm-commit:submit',
  'atm-commit:durable',
  'atm-commit:apply',
  'reconciliation-commit:seal',
  'reconciliation-commit:submit',
  'reconciliation-commit:durable',
  'reconciliation-commit:apply',
] as const;
export const STEPS = [...CORE_STEPS, ...CASH_STEPS] as const;
export type Step = (typeof STEPS)[number];

/** A step is hit at its first to this occurrence in a run. */
const OCCURRENCES = 8;

/** Rounds of named kills, one after the other as far as the number of kills allows: fifty hit each core step three times. */
const ROUNDS: readonly (readonly Step[])[] = [STEPS, CORE_STEPS, CORE_STEPS, CASH_STEPS, CASH_STEPS];

export type Kill = { readonly step: Step; readonly occurrence: number } | { readonly afterMs: number };

/**
 * The kills of a run, from a source of random numbers in [0, 1): every step in turn, three times if `kills` allows (from
 * 63 on), and the rest at random moments.
 */
export function scheduleKills(kills: number, random: () => number): readonly Kill[] {
  const named: Step[] = [];
  for (const round of ROUNDS) {
    const isFirst = named.length === 0;
    if (!isFirst && named.length + round.length > kills) break;
    named.push(...round);
  }
  const plan: Kill[] = Array.from({ length: kills }, (_, index) =>
    index < named.length
      ? { step: named[index]!, occurrence: 1 + Math.floor(random() * OCCURRENCES) }
      : { afterMs: 20 + Math.floor(random() * 600) },
  );
  for (let i = plan.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [plan[i], plan[other]] = [plan[other]!, plan[i]!];
  }
  return plan;
}
