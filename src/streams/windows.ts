import { HeadraceError } from '../errors.ts';

export type { Window, Windowed } from '../state/windowed.ts';

/** When a windowed aggregate is sent on: with each change, or once, when its window closes (KIP-825). */
export type Emit = 'onUpdate' | 'onWindowClose';

/** Windows [start, start + sizeMs) that begin at the multiples of `advanceMs`. */
export interface TimeWindows {
  readonly kind: 'time';
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
}

/** For each record the windows [t - timeDifferenceMs, t] and (t, t + timeDifferenceMs] around its timestamp t (KIP-450). */
export interface SlidingWindows {
  readonly kind: 'sliding';
  readonly timeDifferenceMs: number;
  readonly graceMs: number;
}

/** Records of a key belong to one session while no gap between two of them is greater than `gapMs`. */
export interface SessionWindows {
  readonly kind: 'session';
  readonly gapMs: number;
  readonly graceMs: number;
}

/**
 * Windows of one size, in milliseconds. Tumbling (side by side), or hopping where `advanceMs` is less than the size.
 * `graceMs` is how long after its end a window still takes late records; it has no default, for it decides what is lost.
 *
 * ```ts
 * const hourly = TimeWindows.of({ sizeMs: 3_600_000, graceMs: 60_000 });
 * ```
 */
export const TimeWindows = {
  /** Windows of one size, tumbling without `advanceMs`. Throws TOPOLOGY_INVALID, naming the field. */
  of(options: { readonly sizeMs: number; readonly graceMs: number; readonly advanceMs?: number }): TimeWindows {
    const { sizeMs, graceMs, advanceMs = sizeMs } = options;
    return checkedWindows({ kind: 'time', sizeMs, advanceMs, graceMs });
  },
};

/** Sliding windows, in milliseconds: records whose timestamps differ by no more than `timeDifferenceMs` share one. */
export const SlidingWindows = {
  /** Sliding windows. Throws TOPOLOGY_INVALID, naming the field. */
  of(options: { readonly timeDifferenceMs: number; readonly graceMs: number }): SlidingWindows {
    const { timeDifferenceMs, graceMs } = options;
    return checkedWindows({ kind: 'sliding', timeDifferenceMs, graceMs });
  },
};

/** Session windows, in milliseconds. A session closes `gapMs` and `graceMs` after its last record. */
export const SessionWindows = {
  /** Sessions. Throws TOPOLOGY_INVALID, naming the field. */
  of(options: { readonly gapMs: number; readonly graceMs: number }): SessionWindows {
    const { gapMs, graceMs } = options;
    return checkedWindows({ kind: 'session', gapMs, graceMs });
  },
};

/** A frozen copy. Throws TOPOLOGY_INVALID, naming the field that is wrong. */
export function checkedWindows<W extends TimeWindows | SlidingWindows | SessionWindows>(windows: W): W {
  checkWhole('graceMs', windows.graceMs, 0);
  switch (windows.kind) {
    case 'time':
      checkWhole('sizeMs', windows.sizeMs, 1);
      checkWhole('advanceMs', windows.advanceMs, 1);
      if (windows.advanceMs > windows.sizeMs) {
        throw invalid(
          `advanceMs (${windows.advanceMs}) is greater than sizeMs (${windows.sizeMs}): records would be lost`,
        );
      }
      break;
    case 'sliding':
      checkWhole('timeDifferenceMs', windows.timeDifferenceMs, 0);
      break;
    case 'session':
      checkWhole('gapMs', windows.gapMs, 1);
      break;
    default:
      throw invalid('there are time, sliding and session windows');
  }
  return Object.freeze({ ...windows } as W);
}

function checkWhole(field: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw invalid(`${field} must be whole milliseconds of ${least} or more, not ${String(value)}`);
  }
}

function invalid(reason: string): HeadraceError {
  return new HeadraceError('TOPOLOGY_INVALID', `windowedBy: ${reason}`);
}
