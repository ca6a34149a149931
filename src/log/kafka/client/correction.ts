import { HeadraceError } from '../../../errors.ts';
import type { LoadModule } from './kafkajs-package.ts';

/** One place of a file's text: what stands there, exactly once, and what is to stand there. */
export interface Edit {
  readonly from: string;
  readonly to: string;
}

/** Takes what a module exports and changes it, or returns what it is to export in its place. */
export type Patch = (stock: unknown, load: LoadModule) => unknown;

/** The correction of one defect of kafkajs: by patches of what modules export, or edits where the defect sits in a closure. */
export interface Correction {
  readonly name: string;
  /** What it mends, in one line. */
  readonly summary: string;
  readonly patches?: Readonly<Record<string, Patch>>;
  readonly edits?: Readonly<Record<string, readonly Edit[]>>;
}

/**
 * A patch of a module whose exports have the type that the caller names. The cast is where types meet the untyped library; the
 * hash of the module's text is what vouches for it.
 */
export function patch<Stock>(change: (stock: Stock, load: LoadModule) => unknown): Patch {
  return (stock, load) => change(stock as Stock, load);
}

/** The text with all edits made. Throws KAFKA_CLIENT_UNSUPPORTED where one does not fit exactly once. */
export function applyEdits(text: string, edits: readonly Edit[], where: string): string {
  return edits.reduce((edited, { from, to }) => {
    const parts = edited.split(from);
    if (parts.length !== 2) {
      throw new HeadraceError(
        'KAFKA_CLIENT_UNSUPPORTED',
        `${where}: ${parts.length - 1} places for "${from}", not one`,
      );
    }
    return parts.join(to);
  }, text);
}
