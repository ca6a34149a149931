import { HeadraceError } from '../errors.ts';

/** What every stored table takes. */
export interface CachedOption {
  /**
   * Sends of each key only the last update since the last commit on, when the worker commits: with the newest value and, where it is
   * needed, the row that was sent before. False, the default, sends every update on. The table itself always has the newest rows. It
   * is no state: it can be changed at any time.
   */
  readonly cached?: boolean;
}

interface CachedTableOptions extends CachedOption {
  readonly name: string;
  readonly historyMs?: number;
  readonly emit?: string;
}

/** For a table's node: empty where it is not cached. Throws TOPOLOGY_INVALID where it can't be. */
export function cachedOf({ name, cached = false, historyMs, emit }: CachedTableOptions): { readonly cached?: true } {
  if (typeof cached !== 'boolean') {
    throw new HeadraceError('TOPOLOGY_INVALID', `${name}: cached must be true or false`);
  }
  if (!cached) return {};
  if (historyMs !== undefined) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${name}: a table with a history sends every change on; leave out cached, or historyMs`,
    );
  }
  if (emit === 'onWindowClose') {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${name}: with emit 'onWindowClose' each window is sent once as it is; leave out cached, or emit`,
    );
  }
  return { cached: true };
}
