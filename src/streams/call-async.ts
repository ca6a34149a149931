import { HeadraceError } from '../errors.ts';
import type { ExactSerde, Serde } from '../serde/serde.ts';
import { checkName, type Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { requiredSerdes } from './required-serdes.ts';
import type { AsyncCall, CallAsyncNode, CallRetry } from './topology/call-node.ts';
import type { Node } from './topology/nodes.ts';

/** How often a call that failed is made again. Pauses double from the smallest to the greatest, each with jitter. */
export interface CallRetryOptions {
  /** Attempts in all, the first included (5; with `untilMs` as many as fit into that time). */
  readonly attemptsMax?: number;
  /** No further attempt begins later than so long after the first one, milliseconds. */
  readonly untilMs?: number;
  /** The first pause, milliseconds (100). */
  readonly backOffMinMs?: number;
  /** The longest pause, milliseconds (10,000). */
  readonly backOffMaxMs?: number;
  /**
   * Whether another attempt may help; a timeout is always retried. Without it all errors are retried but those with `retriable` false, which
   * every HeadraceError has unless it says otherwise.
   */
  readonly isRetriable?: (error: unknown) => boolean;
}

/** Names are Kafka's (`maxInFlight`, back-off) where Flink's Async I/O has others (`capacity`). */
export interface CallAsyncOptions<K, V, R, F = never> extends KnownSerdes<K, V> {
  /** Part of a topic's name and of every idempotency key: keep it. */
  readonly name: string;
  /**
   * Asks the callee; its answer is the result. It is called outside the record path, several times at once for different keys, and again after a
   * timeout, an abort or a restart: the callee must do nothing twice under one `idempotencyKey`. What it throws or rejects with is a failed attempt.
   */
  readonly call: (call: AsyncCall<K, V>) => PromiseLike<R>;
  /** Serde of the results, for operators behind that write them. */
  readonly result?: ExactSerde<R | F>;
  /** Partitions of the topic of requests: as many as the source has. */
  readonly partitions?: number;
  /** Calls under way at once in each task, those between two attempts included (64). */
  readonly maxInFlight?: number;
  /** How long an attempt may take, milliseconds (10,000). */
  readonly timeoutMs?: number;
  readonly retry?: CallRetryOptions;
  /**
   * What becomes of a record whose call failed for good (CALL_FAILED, CALL_TIMED_OUT; the callee's error is the cause): a dead letter (the default), or the
   * result that a function makes. Both say that no answer was had, not that the callee has done nothing.
   */
  readonly onFailure?: 'deadLetter' | ((error: HeadraceError, value: V, key: K) => F);
  /**
   * A key of the business in the place of that made of the record's position, such as the payment's id: it also stays when the application is reset
   * and its input comes again. Two records under one key are one effect.
   */
  readonly idempotencyKey?: (key: K, value: V) => string;
}

const IN_FLIGHT_DEFAULT = 64;
const TIMEOUT_DEFAULT_MS = 10_000;
const ATTEMPTS_DEFAULT = 5;
const BACK_OFF_MIN_DEFAULT_MS = 100;
const BACK_OFF_MAX_DEFAULT_MS = 10_000;
/** What a timer of the machine can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/** Each holds a promise, a timer and an AbortController. */
const IN_FLIGHT_MAX = 10_000;

/**
 * A repartition of the operator's own, always: were a source read directly where it can be, an operator added beside it would move the records under way to
 * another topic, and what was asked about and not committed would be asked again under another idempotency key. Throws TOPOLOGY_INVALID.
 */
export function addCallAsync<K, V, R, F>(
  graph: Graph,
  parent: Node,
  known: KnownSerdes<K, V>,
  options: CallAsyncOptions<K, V, R, F>,
): { readonly node: Node; readonly key: Serde<K> } {
  const { name, call, partitions, onFailure = 'deadLetter', idempotencyKey, retry = {} } = options;
  checkName(name, 'callAsync');
  const { key, value } = requiredSerdes(options, known, `callAsync(${name})`);
  const { maxInFlight = IN_FLIGHT_DEFAULT, timeoutMs = TIMEOUT_DEFAULT_MS } = options;
  const { isRetriable = isRetriableByDefault } = retry;
  checkFunction(name, 'call', call);
  checkFunction(name, 'retry.isRetriable', isRetriable);
  if (onFailure !== 'deadLetter') checkFunction(name, "onFailure other than 'deadLetter'", onFailure);
  if (idempotencyKey !== undefined) checkFunction(name, 'idempotencyKey', idempotencyKey);
  checkWhole(name, 'maxInFlight', maxInFlight, 1, IN_FLIGHT_MAX);
  checkWhole(name, 'timeoutMs', timeoutMs, 1, TIMER_MAX_MS);
  const requests = graph.add(
    {
      kind: 'repartition',
      parents: [parent],
      key: key as Serde<unknown>,
      value: value as Serde<unknown>,
      partitions,
    },
    'KSTREAM-REPARTITION',
    `${name}-requests`,
  );
  const node: Omit<CallAsyncNode, 'id' | 'name'> = {
    kind: 'callAsync',
    parents: [requests],
    // The one cast of a callee's function and its like: the DSL has checked their types, the engine moves unknown values.
    call: call as CallAsyncNode['call'],
    maxInFlight,
    timeoutMs,
    retry: retryOf(name, retry),
    isRetriable,
    onFailure: onFailure === 'deadLetter' ? undefined : (onFailure as unknown as CallAsyncNode['onFailure']),
    idempotencyKey: idempotencyKey as CallAsyncNode['idempotencyKey'],
  };
  return { node: graph.add(node, 'KSTREAM-CALL-ASYNC', name), key };
}

/** Attempts without a bound would hold a partition back for ever. */
function retryOf(name: string, retry: CallRetryOptions): CallRetry {
  const { untilMs = Number.POSITIVE_INFINITY, backOffMinMs = BACK_OFF_MIN_DEFAULT_MS } = retry;
  const { backOffMaxMs = Math.max(BACK_OFF_MAX_DEFAULT_MS, backOffMinMs) } = retry;
  const isTimed = retry.untilMs !== undefined;
  const { attemptsMax = isTimed ? Number.POSITIVE_INFINITY : ATTEMPTS_DEFAULT } = retry;
  if (isTimed) checkWhole(name, 'retry.untilMs', untilMs, 0, Number.MAX_SAFE_INTEGER);
  if (attemptsMax !== Number.POSITIVE_INFINITY) {
    checkWhole(name, 'retry.attemptsMax', attemptsMax, 1, Number.MAX_SAFE_INTEGER);
  } else if (!isTimed) {
    throw invalid(name, 'attempts without end would hold the partition back for ever; give retry.untilMs as well');
  }
  checkWhole(name, 'retry.backOffMinMs', backOffMinMs, 1, TIMER_MAX_MS);
  checkWhole(name, 'retry.backOffMaxMs', backOffMaxMs, backOffMinMs, TIMER_MAX_MS);
  return Object.freeze({ attemptsMax, untilMs, backOffMinMs, backOffMaxMs });
}

function isRetriableByDefault(error: unknown): boolean {
  return (error as { readonly retriable?: unknown } | null | undefined)?.retriable !== false;
}

function checkFunction(name: string, option: string, value: unknown): void {
  if (typeof value !== 'function') throw invalid(name, `${option} must be a function, not ${typeof value}`);
}

function checkWhole(name: string, option: string, value: unknown, min: number, max: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw invalid(name, `${option} must be a whole number from ${min} to ${max}, not ${String(value)}`);
}

function invalid(name: string, reason: string): HeadraceError {
  return new HeadraceError('TOPOLOGY_INVALID', `callAsync(${name}): ${reason}`, { where: { operator: name } });
}
