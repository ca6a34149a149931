import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';
import { tableReader } from './table.ts';

/**
 * Each record of the stream with the table's present value. A null value is skipped, and so is a null key but in a left
 * join (KIP-962).
 */
export function streamTableJoin(node: Kind<'streamTableJoin'>, context: OperatorContext, next: Receive): Receive {
  const { joiner, isLeft, name } = node;
  const table = tableReader(node.parents[1]!, context);
  return (key, value, timestamp) => {
    if (value === null || (key === null && !isLeft)) return context.skipped(name);
    let joined: unknown;
    try {
      const tableValue = key === null ? null : table.get(key);
      if (tableValue === null && !isLeft) return;
      joined = joiner(value, tableValue, key);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, joined, timestamp);
  };
}
