import { HeadraceError } from '../../../../errors.ts';

/** The error for bytes that would expand beyond the limit. */
export function tooLarge(codec: string, bytes: Uint8Array, limitBytes: number): HeadraceError {
  return new HeadraceError(
    'RECORD_TOO_LARGE',
    `${bytes.length} bytes compressed with ${codec} expand to more than the ${limitBytes} bytes that a batch may have; ` +
      'find who wrote the batch, or raise the limit',
  );
}

/** The error for bytes that the codec cannot read. */
export function damaged(codec: string, cause: unknown): HeadraceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HeadraceError('LOG_CORRUPT', `A batch compressed with ${codec} is damaged: ${why}`, { cause });
}
