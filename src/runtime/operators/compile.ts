import type { PlannedNode, SubTopology } from '../../streams/topology/plan.ts';
import { aggregate } from './aggregate.ts';
import { type Cached, cached, isCached } from './cached.ts';
import { callAsync } from './call-async.ts';
import { foreignKeyJoin, foreignKeyResponse, foreignKeySubscribe } from './foreign-key-join.ts';
import { globalJoin } from './global-join.ts';
import { placesOf, tellsBefore } from './places.ts';
import { process } from './process.ts';
import type { OperatorContext, Receive } from './receive.ts';
import { sessionAggregate } from './session-aggregate.ts';
import { sink } from './sink.ts';
import { slidingWindowAggregate } from './sliding-window-aggregate.ts';
import { branch, filter, flatMap, map, peek } from './stateless.ts';
import { streamStreamJoin } from './stream-stream-join.ts';
import { streamTableJoin } from './stream-table-join.ts';
import { suppress } from './suppress.ts';
import { storeTable, tableFilter, tableMapValues } from './table.ts';
import { groupTable, tableAggregate } from './table-aggregate.ts';
import { tableTableJoin } from './table-table-join.ts';
import { expiring } from './ttl.ts';
import { windowAggregate } from './window-aggregate.ts';

/** The operators of a task, from its last to its first: for each source node the function that takes its records. */
export function compile(subTopology: SubTopology, context: OperatorContext): ReadonlyMap<PlannedNode, Receive> {
  const sides = new Map<PlannedNode, Sides>();
  const entries = new Map<PlannedNode, Receive>();
  for (const { node, sendsBefore, ...below } of placesOf(subTopology)) {
    const toAll = (children: readonly PlannedNode[]) =>
      fanOut(children.flatMap((child) => receiversFrom(node, child, sides.get(child))));
    const [next, late, lateOfRight] = [toAll(below.next), toAll(below.late), toAll(below.lateOfRight)];
    if (node.kind === 'source') entries.set(node, next);
    else if (isCached(node)) {
      const cache = cached(node, context, next);
      sides.set(node, around(cache, operatorOf(node, context, { next: cache.next, late, lateOfRight }, true)));
    } else sides.set(node, operatorOf(node, context, { next, late, lateOfRight }, sendsBefore));
  }
  return entries;
}

/**
 * What stands below an operator. Whatever comes too late for it leaves it apart from its results: a node of the kind
 * `lateRecords` has the operator as its parent and is fed by `late`, which calls nobody where there is none. An operator that is
 * to offer its late records takes `late`, calls it with the record as it came, and its builder adds such a node (`addLate`).
 */
interface Below {
  readonly next: Receive;
  readonly late: Receive;
  /** Of the second stream of a join. */
  readonly lateOfRight: Receive;
}

/** What takes the records of each of a node's parents; one function for all where it does not matter whose they are. */
type Sides = Receive | readonly (Receive | undefined)[];

/** What is joined with itself takes each record twice, once as each side; a stream merged with itself is that stream. */
function receiversFrom(parent: PlannedNode, child: PlannedNode, sides: Sides | undefined): readonly Receive[] {
  if (typeof sides === 'function') return child.parents.includes(parent) ? [sides] : [];
  return child.parents.flatMap((each, index) => {
    if (each !== parent) return [];
    const receive = sides?.[index];
    return receive === undefined ? [] : [receive];
  });
}

function operatorOf(
  node: Exclude<PlannedNode, { kind: 'source' }>,
  context: OperatorContext,
  { next, late, lateOfRight }: Below,
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
    case 'lateRecords':
    case 'toStream':
      return next;
    case 'tableSource':
    case 'toTable':
      return expiring(node, context, next, storeTable(node, context, next, sendsBefore));
    case 'tableFilter':
      return tableFilter(node, next, sendsBefore || tellsBefore(node.parents[0]!));
    case 'tableMapValues':
      return tableMapValues(node, next, sendsBefore);
    case 'aggregate':
      return inputsOf(node, (input) => expiring(node, context, next, aggregate(node, input, context, next)));
    case 'groupTable':
      return groupTable(node, context, next);
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
    case 'globalJoin':
      return globalJoin(node, context, next);
    case 'streamStreamJoin':
      return streamStreamJoin(node, context, next, late, lateOfRight);
    case 'streamTableJoin':
      // The table's side is read from its store; its changes call nobody.
      return [streamTableJoin(node, context, next), undefined];
    case 'windowAggregate': {
      const { windows } = node;
      return inputsOf(node, (input) =>
        windows.kind === 'time'
          ? windowAggregate({ ...node, windows }, input, context, next, late)
          : slidingWindowAggregate({ ...node, windows }, input, context, next, late),
      );
    }
    case 'sessionAggregate':
      return inputsOf(node, (input) => sessionAggregate(node, input, context, next, late));
    case 'suppress':
      return suppress(node, context, next);
    case 'process':
      return process(node, context, next);
    case 'callAsync':
      return callAsync(node, context, next);
    case 'sink':
      return sink(node, context);
  }
}

function around(cache: Cached, sides: Sides): Sides {
  if (typeof sides === 'function') return cache.around(sides);
  return sides.map((side) => (side === undefined ? undefined : cache.around(side)));
}

/** One function for each stream that is aggregated. */
function inputsOf(
  { aggregators }: { readonly aggregators: readonly unknown[] },
  make: (input: number) => Receive,
): Sides {
  return aggregators.length === 1 ? make(0) : aggregators.map((_, input) => make(input));
}

function fanOut(receivers: readonly Receive[]): Receive {
  const [first, second, ...others] = receivers;
  if (first === undefined) return () => {};
  if (second === undefined) return first;
  if (others.length === 0) {
    return (key, value, timestamp, before, isHistory) => {
      first(key, value, timestamp, before, isHistory);
      second(key, value, timestamp, before, isHistory);
    };
  }
  return (key, value, timestamp, before, isHistory) => {
    for (const receive of receivers) receive(key, value, timestamp, before, isHistory);
  };
}
