import { HeadraceError } from '../errors.ts';

/** What a full disk (ENOSPC, EDQUOT, and the EIO that a short write comes as) and a full map look like. */
const FULL_TEXT = /MDB_MAP_FULL|No space left on device|Disk quota exceeded|Input\/output error/i;
const FULL_CODES: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO', -30792, 28, 122, 5]);

/**
 * Translates what LMDB or the file system threw. Errors that are ours pass through. STORAGE_FULL is retriable: nothing
 * of the commit is on disk, and the same commit succeeds when there is room again.
 */
export function storageError(error: unknown, doing: string): HeadraceError {
  if (error instanceof HeadraceError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (FULL_CODES.has(code) || FULL_TEXT.test(text)) {
    return new HeadraceError(
      'STORAGE_FULL',
      `No room on disk while ${doing}: ${text}. Free some space; nothing was lost`,
      {
        retriable: true,
        cause: error,
      },
    );
  }
  return new HeadraceError('STORAGE_FAILED', `Storage failed while ${doing}: ${text}`, { cause: error });
}
