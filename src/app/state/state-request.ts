import type { QueriedKind } from '../../runtime/queries/open-store.ts';
import type { Window } from '../../state/windowed.ts';

/** What a command asks of the stores of the systems. Keys are text, as people write them: see `keyOf` in key-text.ts. */
export type StateRequest =
  | { readonly kind: 'list'; readonly application?: string | undefined }
  | (OfStore & { readonly kind: 'get'; readonly key: string; readonly asOf?: number | undefined })
  | (OfStore & { readonly kind: 'range'; readonly from?: string | undefined; readonly to?: string | undefined });

interface OfStore {
  readonly store: string;
  /** Needed where two systems have a store of this name. */
  readonly application?: string | undefined;
  /** Rows at most. */
  readonly limit: number;
}

export interface StateStore {
  readonly application: string;
  readonly store: string;
  readonly kind: QueriedKind;
}

/** A row as JSON has it; times in milliseconds since 1970. */
export interface StateRow {
  readonly key: unknown;
  readonly value: unknown;
  /** Of the record that changed it last, where the store keeps that. */
  readonly timestamp?: number;
  /** Of a window or session. */
  readonly window?: Window;
}

export interface StateAnswer {
  /** Those that there are, or the one that was asked. */
  readonly stores: readonly StateStore[];
  readonly rows: readonly StateRow[];
  /** Whether there are more than the limit. */
  readonly hasMore: boolean;
}
