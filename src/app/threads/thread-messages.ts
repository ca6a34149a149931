import type { ErrorMessage } from '../../error-message.ts';
import type { NewRecord } from '../../log/record.ts';
import type { TlsFiles } from '../http/listen.ts';
import type { LocalNodeOptions } from '../local-node-options.ts';
import type { WorkFigures } from '../system-workers.ts';

/** What a node does alone, and what can't be told to a thread: everything else of its options is the threads' as well. */
export type NodeOnlyOptions =
  | 'clock'
  | 'logger'
  | 'dataDirectory'
  | 'threads'
  | 'partitions'
  | 'readsLogOnly'
  | 'loaded'
  | 'flushIntervalMs'
  | 'onEngineFailure'
  | 'onStep';

export type SharedOptions = Omit<LocalNodeOptions, NodeOnlyOptions>;

/** Where a process is asked by the others for state that it owns. */
export interface StatePlace {
  /** As the others reach it: a URL without a path. */
  readonly address: string;
  /** Where it listens; loopback without it. */
  readonly host?: string | undefined;
  readonly tls?: TlsFiles | undefined;
}

/** What a thread is told when it is started; plain data. */
export interface ThreadOrders {
  /** From 1; the main thread is 0. */
  readonly number: number;
  /** Its own data directory: LMDB has one writer, and our caches are one thread's. */
  readonly folder: string;
  /** Where the process writes its log. */
  readonly logDirectory: string;
  /** Who it is to its groups. */
  readonly instance: string;
  /** Where the process itself is asked for state: the thread serves its own at a port of its own beside it. */
  readonly statePlace: StatePlace | undefined;
  readonly options: SharedOptions;
}

/** From the main thread. Numbers tell which answer belongs to what was asked. */
export type ToThread =
  | { readonly kind: 'idle'; readonly id: number }
  /** The answer to `append`. */
  | { readonly kind: 'appended'; readonly id: number; readonly error?: ErrorMessage | undefined }
  | { readonly kind: 'close' };

/** From a thread. */
export type FromThread =
  /** The answer to `idle`: figures that count what was waited for. */
  | { readonly kind: 'idle'; readonly id: number; readonly figures: WorkFigures }
  | { readonly kind: 'figures'; readonly figures: WorkFigures }
  /** Ticks: the main thread appends, for it knows whether what comes in is held. */
  | { readonly kind: 'append'; readonly id: number; readonly records: readonly NewRecord[] }
  | { readonly kind: 'fault'; readonly source: string; readonly error: ErrorMessage }
  /** It can't go on, and waits to be closed. */
  | { readonly kind: 'failed'; readonly error: ErrorMessage }
  /** Its partitions are given up and its folder is closed. */
  | { readonly kind: 'closed'; readonly figures?: WorkFigures | undefined };
