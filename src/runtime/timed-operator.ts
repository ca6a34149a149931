/** What an operator does because time has passed, without a record: close windows, send what was held back. */
export interface TimedOperator {
  /** The smallest stream time at which {@link advance} has something to send; infinite while nothing waits. */
  dueAt(): number;
  /** Everything that a record of another key with this timestamp would bring about. */
  advance(time: number): void;
}
