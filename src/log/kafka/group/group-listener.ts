import type { HeadraceError } from '../../../errors.ts';
import type { TopicPartition } from '../../record.ts';

/** What a new generation brings to a member. */
export interface GroupAssignment {
  readonly partitions: readonly TopicPartition[];
  /** Whether nobody else can have had those that were there before: the member has seen every generation since. */
  readonly isContinuous: boolean;
  /** The members of before that are not there any more. */
  readonly gone: readonly string[];
  /** The partitions of which it keeps a copy of the state. */
  readonly standbys: readonly TopicPartition[];
}

export interface GroupListener {
  assigned(assignment: GroupAssignment): void;
  /** For good: the error that ends the member. */
  failed(error: HeadraceError): void;
  /** Something that passes, for the log. */
  faulted(error: HeadraceError): void;
}
