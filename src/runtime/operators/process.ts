import { HeadraceError } from '../../errors.ts';
import { openProcessStore } from '../../state/process-stores.ts';
import type { ForwardOptions, ProcessorContext, PunctuationOptions } from '../../streams/processor.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** A punctuation has no record whose key processValues could keep. */
const NO_RECORD = Symbol('no record');

export function process(node: Kind<'process'>, context: OperatorContext, next: Receive): Receive {
  const { name, supplier, changesKey } = node;
  const { record } = context;
  const opened = Object.entries(node.stores).map(
    ([alias, store]) => [alias, openProcessStore(store, context.buffer(store))] as const,
  );
  const stores = Object.fromEntries(opened.map(([alias, { store }]) => [alias, store]));
  const expiring = opened.flatMap(([, { expire }]) => (expire === undefined ? [] : [expire]));
  const time = expiring.length === 0 ? undefined : context.time(name);
  let presentKey: unknown = null;
  let presentTimestamp = 0;
  const forward = (key: unknown, value: unknown, options?: ForwardOptions): void => {
    if (!changesKey && key !== presentKey) {
      throw new HeadraceError(
        'PROCESSING_FAILED',
        'processValues must forward the key of its record; use process to change it',
        { where: { operator: name } },
      );
    }
    const timestamp = options?.timestamp ?? presentTimestamp;
    if (!Number.isSafeInteger(timestamp)) {
      throw new HeadraceError(
        'TIMESTAMP_INVALID',
        `a forwarded timestamp must be whole milliseconds, not ${timestamp}`,
        {
          where: { operator: name },
        },
      );
    }
    if (options?.headers === undefined) {
      next(key, value, timestamp);
      return;
    }
    const before = record.replaceHeaders(options.headers);
    try {
      next(key, value, timestamp);
    } finally {
      record.replaceHeaders(before);
    }
  };
  const schedule = (options: PunctuationOptions, punctuator: (timestamp: number) => void): void => {
    if (!Number.isSafeInteger(options.everyMs) || options.everyMs < 1) {
      throw failedIn(name, 'a punctuation needs everyMs: whole milliseconds, at least 1');
    }
    context.schedule(name, options, (timestamp) => {
      presentKey = NO_RECORD;
      presentTimestamp = timestamp;
      try {
        punctuator(timestamp);
      } catch (error) {
        throw failedIn(name, error);
      }
    });
  };
  const processor = supplier({ stores, partition: context.partition, forward, schedule } as ProcessorContext<
    unknown,
    unknown,
    unknown
  >);
  return (key, value, timestamp) => {
    presentKey = key;
    presentTimestamp = timestamp;
    try {
      processor(key, value, record);
      if (time === undefined) return;
      const now = time.advance(timestamp);
      for (const expire of expiring) expire(now);
    } catch (error) {
      throw failedIn(name, error);
    }
  };
}
