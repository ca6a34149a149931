import type { Redact } from '../runtime/dead-letter.ts';
import type { ErrorPolicy } from '../runtime/error-handlers.ts';

export interface TopologyTestDriverOptions extends ErrorPolicy {
  /** Partitions of every topic, or of each by name (others get 1). */
  readonly partitions?: number | Readonly<Record<string, number>>;
  readonly application?: string;
  /** The driver's clock at the start, milliseconds since 1970. It stands still but for `advanceTime`. */
  readonly startTimeMs?: number;
  /** `each` (the default) commits after every record piped; `manual` waits for `commit`. */
  readonly commit?: 'each' | 'manual';
  readonly redact?: Redact;
  /** As a worker's: with it `advanceTime` lets the time of silent tasks pass. */
  readonly idleAfterMs?: number;
}
