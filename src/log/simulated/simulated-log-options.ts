import type { Clock } from '../../clock.ts';
import type { Transaction } from '../log.ts';
import type { RecordPosition } from '../record.ts';
import type { FaultOptions } from './faults.ts';
import type { SimulatedMemory } from './simulated-memory.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface SimulatedLogOptions {
  /** Numbers from 0 up to 1, from a seed: all that is left to chance is drawn from it. */
  readonly random: () => number;
  /** Intake times; the virtual time where it is left out. */
  readonly clock?: Clock;
  readonly time?: VirtualTime;
  readonly faults?: FaultOptions;
  readonly queuedRecordsMax?: number;
  /** What an earlier log committed. */
  readonly memory?: SimulatedMemory;
  /** Told of what is written, also where whoever asked for it never learns that it was. */
  readonly onWritten?: (written: Written) => void;
}

export type Written =
  | { readonly kind: 'transaction'; readonly transaction: Transaction }
  | { readonly kind: 'appended'; readonly positions: readonly RecordPosition[] };
