import type { ErrorMessage } from '../../error-message.ts';
import type { ReadOptions } from '../clickhouse.ts';
import type { SmallResult } from './small-result.ts';

/** One reader's query, as it goes to a thread. */
export interface ReadOrder {
  /** The directory of the engine, which this process has open. */
  readonly path: string;
  readonly sql: string;
  /** The query's `log_comment`, by which it is found and killed. */
  readonly mark: string;
  /** All but what can't be told to a thread. */
  readonly options: Omit<ReadOptions, 'signal' | 'onFormat'>;
}

/** From the main thread. */
export type ToReader =
  | { readonly kind: 'read'; readonly order: ReadOrder }
  /** The consumer has one of the chunks. */
  | { readonly kind: 'taken' }
  /** Nobody wants more of it. */
  | { readonly kind: 'stop' };

/** What ends a read: its session is closed, and the thread is free. */
export type ReadEnd =
  | { readonly kind: 'end' }
  /** All of it at once. */
  | ({ readonly kind: 'small' } & SmallResult)
  /** With ClickHouse's own text. */
  | { readonly kind: 'failed'; readonly error: ErrorMessage };

/** From a reader's thread: of one read the format, then chunks, then how it ended; or, where all was had at once, the end alone. */
export type FromReader =
  | { readonly kind: 'format'; readonly format: string }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | ReadEnd
  /** Something went wrong outside of any read: the thread can't be relied on any more. A read under way still says how it ended. */
  | { readonly kind: 'faulted'; readonly error: ErrorMessage };

/** Whether it ends the read that it tells of. */
export function isEnd(message: FromReader): message is ReadEnd {
  return message.kind === 'end' || message.kind === 'small' || message.kind === 'failed';
}
