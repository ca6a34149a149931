import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';

/**
 * Each record of the stream with a row of a global table, as of now. A null value is skipped, and so is a record that names no row,
 * but in a left join (KIP-962).
 */
export function globalJoin(node: Kind<'globalJoin'>, context: OperatorContext, next: Receive): Receive {
  const { keyOf, joiner, isLeft, name } = node;
  const table = context.globalTable(node.table);
  return (key, value, timestamp) => {
    if (value === null) return context.skipped(name, 'null value');
    let joined: unknown;
    try {
      const rowKey = keyOf(key, value) ?? null;
      if (rowKey === null && !isLeft) return context.skipped(name, 'null key');
      const row = rowKey === null ? null : table.get(rowKey);
      if (row === null && !isLeft) return;
      joined = joiner(value, row, key);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, joined, timestamp);
  };
}
