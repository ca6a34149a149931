import type { NewRecord, RecordPosition } from '../../../log/record.ts';
import { type Problem, ProblemError } from './problem.ts';
import type { ApiAnswer, ApiRequest } from './route.ts';

/** An item of a request: a record that is to be appended, or why it is not. */
export type Draft = { readonly record: NewRecord } | { readonly problem: Problem };
/** What became of an item. */
export type ItemOutcome = { readonly position: RecordPosition } | { readonly problem: Problem };

/** What a request wants to append, and what it answers once that is done. */
export interface Intake {
  readonly drafts: readonly Draft[];
  readonly answer: (outcomes: readonly ItemOutcome[]) => ApiAnswer | Promise<ApiAnswer>;
}

/** Whoever appends for requests: all records of one intake in one commit. */
export interface IntakeDesk {
  take(request: Pick<ApiRequest, 'bytes' | 'target' | 'idempotencyKey' | 'client'>, intake: Intake): Promise<ApiAnswer>;
}

/** The answer to a request of one item. */
export function onlyOutcome(outcomes: readonly ItemOutcome[]): RecordPosition {
  const [outcome] = outcomes;
  if (outcome !== undefined && 'position' in outcome) return outcome.position;
  throw new ProblemError(outcome!.problem);
}
