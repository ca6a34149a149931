import type { PlannedNode, SubTopology } from '../../streams/topology/plan.ts';
import { aggregate } from './aggregate.ts';
import { foreignKeyJoin, foreignKeyResponse, foreignKeySubscribe } from './foreign-key-join.ts';
import { process } from './process.ts';
import type { OperatorContext, Receive } from './receive.ts';
import { sink } from './sink.ts';
import { branch, filter, flatMap, map, peek } from './stateless.ts';
import { streamTableJoin } from './stream-table-join.ts';
import { storeTable, tableFilter, tableMapValues } from './table.ts';
import { groupTable, tableAggregate } from './table-aggregate.ts';
import { tableTableJoin } from './table-table-join.ts';

/** The operators of a task, from its last to its first: for each source node the function that takes its records. */
export function compile(subTopology: SubTopology, context: OperatorContext): ReadonlyMap<PlannedNode, Receive> {
  const sides = new Map<PlannedNode, Sides>();
  const entries = new Map<PlannedNode, Receive>();
  for (const node of [...subTopology.nodes].reverse()) {
    const next = fanOut(subTopology.nodes.flatMap((child) => receiversFrom(node, child, sides.get(child))));
    if (node.kind === 'source') entries.set(node, next);
    else sides.set(node, operatorOf(node, context, next, needsBefore(node, subTopology)));
  }
  return entries;
}

/** What takes the records of each of a node's parents; one function for all where it does not matter whose they are. */
type Sides = Receive | readonly (Receive | undefined)[];

/** A stream merged with itself takes each record twice, and so does a stream joined with itself, once as each side. */
function receiversFrom(parent: PlannedNode, child: PlannedNode, sides: Sides | undefined): readonly Receive[] {
  return child.parents.flatMap((each, index) => {
    if (each !== parent) return [];
    const receive = typeof sides === 'function' ? sides : sides?.[index];
    return receive === undefined ? [] : [receive];
  });
}

/**
 * Whether the node, a table, must tell those below the row that each change replaces. To read it costs, so it is read only
 * for operators that take back what a row brought, as in Kafka Streams (`enableSendingOldValues`).
 */
function needsBefore(node: PlannedNode, subTopology: SubTopology): boolean {
  return subTopology.nodes.some((child) =>
    child.parents.some((parent, index) => {
      if (parent !== node) return false;
      switch (child.kind) {
        case 'groupTable':
        case 'foreignKeySubscribe':
        // With it a filter tells no deletions of rows that never passed (KAFKA-10077).
        case 'tableFilter':
          return true;
        case 'tableTableJoin':
          return index === 0
            ? child.join !== 'inner' || needsBefore(child, subTopology)
            : child.join === 'outer' || needsBefore(child, subTopology);
        case 'tableMapValues':
          return needsBefore(child, subTopology);
        default:
          return false;
      }
    }),
  );
}

function operatorOf(
  node: Exclude<PlannedNode, { kind: 'source' }>,
  context: OperatorContext,
  next: Receive,
  sendsBefore: boolean,
): Sides {
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
      return storeTable(node, context, next, sendsBefore);
    case 'tableFilter':
      return tableFilter(node, next);
    case 'tableMapValues':
      return tableMapValues(node, next, sendsBefore);
    case 'aggregate':
      return aggregate(node, context, next);
    case 'groupTable':
      return groupTable(node, next);
    case 'tableAggregate':
      return tableAggregate(node, context, next);
    case 'tableTableJoin':
      return tableTableJoin(node, context, next, sendsBefore);
    case 'foreignKeySubscribe':
      return foreignKeySubscribe(node, context, next);
    case 'foreignKeyJoin':
      return foreignKeyJoin(node, context, next);
    case 'foreignKeyResponse':
      return [foreignKeyResponse(node, context, next), undefined];
    case 'streamTableJoin':
      // The table's side is read from its store; its changes call nobody.
      return [streamTableJoin(node, context, next), undefined];
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
    return (key, value, timestamp, before) => {
      first(key, value, timestamp, before);
      second(key, value, timestamp, before);
    };
  }
  return (key, value, timestamp, before) => {
    for (const receive of receivers) receive(key, value, timestamp, before);
  };
}
