import type { TopicPartition } from '../../record.ts';

/** One thing that a reader wants of a store's partition. Keys are binary strings, see CommittedState. */
export type StateLookup =
  | { readonly kind: 'get'; readonly store: string; readonly key: string }
  | {
      readonly kind: 'range';
      readonly store: string;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly isReversed: boolean;
    };

/** A lookup with how much of its answer is wanted. */
export interface AskedLookup {
  readonly lookup: StateLookup;
  /** Where the state is the one that the asker knows: the key behind which to go on, and bytes wanted (0: nothing; of a get any other number). */
  readonly after?: string | undefined;
  readonly moreBytes: number;
  /** Where it is another: bytes wanted from the beginning on. */
  readonly allBytes: number;
}

/**
 * What is asked of one unit: partition p of a source, with that partition of all stores that hang on it. It has one writer, and its changes
 * come commit by commit.
 */
export interface UnitQuestion {
  readonly unit: TopicPartition;
  /** Of the state that the asker knows. */
  readonly version?: string | undefined;
  /** Everything that it wanted so far: what it knows is worth nothing once the version is another. */
  readonly lookups: readonly AskedLookup[];
}

/** Under whom an answer was given; `memberId` is '' where the group had no members and the state was brought here. */
export interface OwnerStamp {
  readonly memberId: string;
  readonly generation: number;
}

/** Of a get its value, if there is one; of a range its next entries, and whether they are its last. */
export type LookupResult =
  | { readonly kind: 'get'; readonly value?: Uint8Array | undefined }
  | {
      readonly kind: 'range';
      readonly entries: readonly (readonly [key: string, value: Uint8Array])[];
      readonly isWhole: boolean;
    };

/** All of it is of one commit. */
export interface UnitAnswer {
  readonly stamp: OwnerStamp;
  readonly version: string;
  /** Whether the version is still that of the question, and ranges go on behind `after`. */
  readonly isSame: boolean;
  /** One for each lookup; null where nothing more was wanted, or there was no room for it. */
  readonly results: readonly (LookupResult | null)[];
}
