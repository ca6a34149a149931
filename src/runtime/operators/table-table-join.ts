import type { Kind } from '../../streams/topology/nodes.ts';
import { failedIn, type OperatorContext, type Receive } from './receive.ts';
import { isJoined, type TableReader, tableReader } from './table.ts';

/**
 * A table of the rows of two: each change of one side is joined with the present row of the other. A change after which
 * there is no joined row is a deletion, sent on where there may have been one. The timestamp is the later of the two rows'.
 */
export function tableTableJoin(
  node: Kind<'tableTableJoin'>,
  context: OperatorContext,
  next: Receive,
  sendsBefore: boolean,
): readonly [Receive, Receive] {
  const [left, right] = node.parents.map((parent) => tableReader(parent, context)) as [TableReader, TableReader];
  return [side(node, context, next, sendsBefore, right, 'left'), side(node, context, next, sendsBefore, left, 'right')];
}

function side(
  { join, joiner, name }: Kind<'tableTableJoin'>,
  context: OperatorContext,
  next: Receive,
  sendsBefore: boolean,
  other: TableReader,
  from: 'left' | 'right',
): Receive {
  const isLeft = from === 'left';
  /** Whether a change of this side matters where the other side has no row. */
  const standsAlone = join === 'outer' || (join === 'left' && isLeft);
  return (key, value, timestamp, before = null, isHistory = false) => {
    if (key === null || isHistory) return context.skipped(name, key === null ? 'null key' : 'superseded');
    let joined: unknown = null;
    let joinedBefore: unknown = null;
    let joinedAt = timestamp;
    try {
      const row = other.get(key);
      if (row === null && (!standsAlone || (value === null && before === null))) return;
      if (row !== null) joinedAt = Math.max(timestamp, other.timestamp);
      const join2 = (own: unknown) => {
        const [leftRow, rightRow] = isLeft ? [own, row] : [row, own];
        return isJoined(join, leftRow, rightRow) ? joiner(leftRow, rightRow, key) : null;
      };
      joined = join2(value);
      if (sendsBefore) joinedBefore = join2(before);
    } catch (error) {
      throw failedIn(name, error);
    }
    next(key, joined, joinedAt, joinedBefore);
  };
}
