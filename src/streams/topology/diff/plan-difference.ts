/**
 * What a difference between two plans does to what is on disk. `loses`: something would be orphaned or read wrongly. `changes`:
 * all that is there is still found, but something is missing from it or goes another way. `harmless`: nothing on disk.
 */
export type Effect = 'loses' | 'changes' | 'harmless';

export interface PlanDifference {
  readonly effect: Effect;
  readonly about: 'store' | 'repartition topic' | 'source topic' | 'sink topic' | 'part' | 'operators';
  readonly name: string;
  /** A sentence that says what would happen, and what to do. */
  readonly message: string;
  /** Only records that are not processed yet would be lost: once the topic is drained, it is as `changes`. */
  readonly untilDrained?: true;
}

/** Whether going from one plan to the other touches state, or records under way. */
export function movesState(differences: readonly PlanDifference[]): boolean {
  return differences.some(({ effect }) => effect !== 'harmless');
}
