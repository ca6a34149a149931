import { invariant } from '../../errors.ts';
import type { Kind } from '../../streams/topology/nodes.ts';
import { ownHeaders } from '../replay.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/** Goes on with what the call about the record has brought: it has ended by now, or the record would not be let in. */
export function callAsync(node: Kind<'callAsync'>, context: OperatorContext, next: Receive): Receive {
  const { name, onFailure } = node;
  const calls = context.calls(node);
  const { record } = context;
  return (key, value, timestamp) => {
    const { outcome } = calls;
    invariant(outcome !== undefined, `${name} processes a record whose call has not ended`);
    // Those that say what it was made of again are for this operator alone.
    if (record.headers.length > 0) record.replaceHeaders(ownHeaders(record.headers));
    if ('result' in outcome) {
      next(key, outcome.result, timestamp);
      return;
    }
    if (onFailure === undefined) throw outcome.error;
    let result: unknown;
    try {
      result = onFailure(outcome.error, value, key);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, result, timestamp);
  };
}
