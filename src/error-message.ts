import { type ErrorCode, type ErrorPlace, HeadraceError } from './errors.ts';

/** An error on its way to another thread: cloned as it is it would lose its code. */
export interface ErrorMessage {
  /** None of an error that is not Headrace's own. */
  readonly code?: ErrorCode | undefined;
  readonly message: string;
  readonly retriable: boolean;
  readonly where: ErrorPlace;
  readonly stack?: string | undefined;
}

export function errorMessage(error: unknown): ErrorMessage {
  if (error instanceof HeadraceError) {
    const { code, message, retriable, where, stack } = error;
    return { code, message, retriable, where, stack };
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return { message, retriable: false, where: {}, stack };
}

/** The same error here, with the stack that it had there. `place` goes before its message. */
export function errorOf({ code, message, retriable, where, stack }: ErrorMessage, place = ''): HeadraceError {
  const error = new HeadraceError(code ?? 'PROCESSING_FAILED', `${place}${message}`, { retriable, where });
  if (stack !== undefined) error.stack = stack;
  return error;
}
