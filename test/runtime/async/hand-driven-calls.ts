import { HeadraceError } from '../../../src/errors.ts';
import type { CallRequest } from '../../../src/runtime/async/call.ts';
import { CallGate } from '../../../src/runtime/async/call-gate.ts';
import type { AsyncCall, CallAsyncNode } from '../../../src/streams/topology/call-node.ts';
import { TestTimers } from '../../../src/testing/test-timers.ts';

interface Asked {
  readonly call: AsyncCall;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Lets everything run that does not wait for anybody. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A gate whose callee is the test, on a clock that the test moves. Records are called `<name><number>`, as `a1`; that of `-1` has no name. */
export function handDriven(
  options: Partial<Pick<CallAsyncNode, 'maxInFlight' | 'timeoutMs' | 'retry'>> = {},
  isStrict = false,
) {
  const asked = new Map<string, Asked[]>();
  const order: string[] = [];
  const ended: string[] = [];
  let [now, offset] = [0, 0];
  const timers = new TestTimers(() => now);
  const offsets = new Map<string, number>();
  /** Those about which nothing is asked before they stand at the head. */
  const held = new Set<string>();
  const counters = { attempts: { count: 0 }, retries: { count: 0 }, timeouts: { count: 0 }, failures: { count: 0 } };
  const node = {
    kind: 'callAsync',
    id: 1,
    name: 'ask',
    parents: [],
    call: (call: AsyncCall) =>
      new Promise((resolve, reject) => {
        const value = call.value as string;
        order.push(value);
        asked.set(value, [...(asked.get(value) ?? []), { call, resolve, reject }]);
      }),
    maxInFlight: 3,
    timeoutMs: 1_000,
    retry: { attemptsMax: 1, untilMs: Number.POSITIVE_INFINITY, backOffMinMs: 100, backOffMaxMs: 400 },
    isRetriable: () => true,
    onFailure: undefined,
    idempotencyKey: undefined,
    ...options,
  } as CallAsyncNode;
  const gate = new CallGate({
    node,
    timing: { clock: () => now, startTimer: timers.start },
    counters,
    isStrict,
    onEnded: () => ended.push('ended'),
  });
  const request = (value: string): CallRequest => ({
    key: value.slice(0, 1),
    value,
    timestamp: 0,
    headers: [],
    idempotencyKey: value,
  });
  return {
    gate,
    counters,
    held,
    ended,
    /** In which order the callee was asked since the last look. */
    asked: () => order.splice(0),
    add(...values: readonly string[]) {
      for (const value of values) {
        offsets.set(value, offset);
        const name = value.startsWith('-') ? undefined : value.slice(0, 1);
        gate.add({
          offset: offset++,
          name,
          request: (isHead) => (held.has(value) && !isHead ? undefined : request(value)),
        });
      }
      gate.begin();
    },
    async answer(...values: readonly string[]) {
      for (const value of values) asked.get(value)!.at(-1)!.resolve(`${value}!`);
      await settled();
    },
    async refuse(value: string, error: unknown = new HeadraceError('INPUT_INVALID', 'no')) {
      asked.get(value)!.at(-1)!.reject(error);
      await settled();
    },
    signal: (value: string, attempt = 1) => asked.get(value)![attempt - 1]!.call.signal,
    attempts: (value: string) => asked.get(value)?.length ?? 0,
    /** The record is now the head of the queue; `end`: all are processed. */
    head(value: string | 'end') {
      gate.moveTo(value === 'end' ? Number.POSITIVE_INFINITY : offsets.get(value)!);
      gate.begin();
      return gate.outcome;
    },
    committedBefore: (value: string) => gate.committed(offsets.get(value)!),
    async advance(ms: number) {
      const until = now + ms;
      for (let due = timers.nextMs; due <= until; due = timers.nextMs) {
        now = due;
        timers.fire();
        await settled();
      }
      now = until;
    },
    underWay: () => gate.underWay(now),
  };
}
