import type { PlannedNode, SubTopology } from '../../streams/topology/plan.ts';
import { aggregate } from './aggregate.ts';
import { process } from './process.ts';
import type { OperatorContext, Receive } from './receive.ts';
import { sink } from './sink.ts';
import { branch, filter, flatMap, map, peek } from './stateless.ts';
import { streamTableJoin } from './stream-table-join.ts';
import { storeTable, tableFilter, tableMapValues } from './table.ts';

/** The operators of a task, from its last to its first: for each source node the function that takes its records. */
export function compile(subTopology: SubTopology, context: OperatorContext): ReadonlyMap<PlannedNode, Receive> {
  const receivers = new Map<PlannedNode, Receive>();
  const entries = new Map<PlannedNode, Receive>();
  for (const node of [...subTopology.nodes].reverse()) {
    const next = fanOut(
      subTopology.nodes.flatMap((child) => Array<Receive>(edges(child, node)).fill(receivers.get(child)!)),
    );
    if (node.kind === 'source') entries.set(node, next);
    else receivers.set(node, operatorOf(node, context, next));
  }
  return entries;
}

/**
 * How often a child takes each record of a parent: a stream merged with itself comes twice; a join reads its table side
 * from the store, so the table's changes do not call it.
 */
function edges(child: PlannedNode, parent: PlannedNode): number {
  const parents = child.kind === 'streamTableJoin' ? child.parents.slice(0, 1) : child.parents;
  return parents.filter((each) => each === parent).length;
}

function operatorOf(node: Exclude<PlannedNode, { kind: 'source' }>, context: OperatorContext, next: Receive): Receive {
  switch (node.kind) {
    case 'filter':
      return filter(node, next);
    case 'map':
      return map(node, next);
    case 'flatMap':
      return flatMap(node, next);
    case 'peek':
      return peek(node, next);
    case 'branch':
      return branch(node, next);
    case 'merge':
    case 'toStream':
      return next;
    case 'tableSource':
    case 'toTable':
      return storeTable(node, context, next);
    case 'tableFilter':
      return tableFilter(node, next);
    case 'tableMapValues':
      return tableMapValues(node, next);
    case 'aggregate':
      return aggregate(node, context, next);
    case 'streamTableJoin':
      return streamTableJoin(node, context, next);
    case 'process':
      return process(node, context, next);
    case 'sink':
      return sink(node, context);
  }
}

function fanOut(receivers: readonly Receive[]): Receive {
  const [first, second, ...others] = receivers;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  if (others.length === 0) {
    return (key, value, timestamp) => {
      first(key, value, timestamp);
      second(key, value, timestamp);
    };
  }
  return (key, value, timestamp) => {
    for (const receive of receivers) receive(key, value, timestamp);
  };
}
