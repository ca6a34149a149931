/** Work that waits for its turn: `apply` commits it, `answer` tells whoever waits. */
export interface Queued {
  readonly apply: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
