import { HeadraceError } from '../errors.ts';

/** Which records of two streams belong together: those whose timestamps are near enough. */
export interface JoinWindows {
  /** How much earlier than the left record the right one may be, milliseconds. */
  readonly beforeMs: number;
  /** How much later than the left record the right one may be, milliseconds. */
  readonly afterMs: number;
  /** How long a record waits for its partner beyond the window before it is sent without one, milliseconds. */
  readonly graceMs: number;
}

/**
 * Windows of a join of two streams, in milliseconds (KIP-633): `timeDifferenceMs` to either side, or `beforeMs` and `afterMs` apart.
 * The grace has no default, for it decides when a record goes on without a partner. Throws TOPOLOGY_INVALID, naming the field.
 *
 * ```ts
 * const windows = JoinWindows.of({ timeDifferenceMs: 60_000, graceMs: 10_000 });
 * ```
 */
export const JoinWindows = {
  /** Windows to either side alike, or with `beforeMs` and `afterMs` apart. */
  of(
    options:
      | { readonly timeDifferenceMs: number; readonly graceMs: number }
      | { readonly beforeMs: number; readonly afterMs: number; readonly graceMs: number },
  ): JoinWindows {
    const { graceMs } = options;
    const [beforeMs, afterMs] =
      'timeDifferenceMs' in options
        ? [options.timeDifferenceMs, options.timeDifferenceMs]
        : [options.beforeMs, options.afterMs];
    return checkedJoinWindows({ beforeMs, afterMs, graceMs });
  },
};

/** A frozen copy. */
export function checkedJoinWindows({ beforeMs, afterMs, graceMs }: JoinWindows): JoinWindows {
  for (const [field, value] of Object.entries({ beforeMs, afterMs, graceMs })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `JoinWindows: ${field} must be whole milliseconds, 0 or more, not ${value}`,
    );
  }
  return Object.freeze({ beforeMs, afterMs, graceMs });
}
