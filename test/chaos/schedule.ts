/** The named points at which a run is killed; docs/ARCHITECTURE.md draws them. */
export const STEPS = [
  // The worker's commit.
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
export type Step = (typeof STEPS)[number];

/** A step is hit at its first to this occurrence in a run. */
const OCCURRENCES = 8;

/** Hits that the long run promises for every step. */
export const HITS_PER_STEP = 3;

export type Kill = { readonly step: Step; readonly occurrence: number } | { readonly afterMs: number };

/**
 * The kills of a run, from a source of random numbers in [0, 1): every step in turn, three times if `kills` allows, and the
 * rest at random moments.
 */
export function scheduleKills(kills: number, random: () => number): readonly Kill[] {
  const named = Math.min(kills, STEPS.length * HITS_PER_STEP);
  const plan: Kill[] = Array.from({ length: kills }, (_, index) =>
    index < named
      ? { step: STEPS[index % STEPS.length]!, occurrence: 1 + Math.floor(random() * OCCURRENCES) }
      : { afterMs: 20 + Math.floor(random() * 600) },
  );
  for (let i = plan.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [plan[i], plan[other]] = [plan[other]!, plan[i]!];
  }
  return plan;
}
