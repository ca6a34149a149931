import type { Node } from '../../streams/topology/nodes.ts';
import type { PlannedNode, SubTopology } from '../../streams/topology/plan.ts';

type Way = 'next' | 'late' | 'lateOfRight';

/** A node with those below it, by what they get of it. */
export interface Place extends Readonly<Record<Way, readonly PlannedNode[]>> {
  readonly node: PlannedNode;
  /** Whether it tells those below the row that each change replaces. */
  readonly sendsBefore: boolean;
}

const known = new WeakMap<SubTopology, readonly Place[]>();

/** The nodes of a sub-topology from the last to the first. Every task is made of the same ones, so they are looked for once. */
export function placesOf(subTopology: SubTopology): readonly Place[] {
  const before = known.get(subTopology);
  if (before !== undefined) return before;
  const places = [...subTopology.nodes].reverse().map((node): Place => {
    const children = subTopology.nodes.filter(({ parents }) => parents.includes(node));
    const on = (way: Way) => children.filter((child) => wayTo(child) === way);
    return {
      node,
      next: on('next'),
      late: on('late'),
      lateOfRight: on('lateOfRight'),
      sendsBefore: needsBefore(node, subTopology),
    };
  });
  known.set(subTopology, places);
  return places;
}

function wayTo(child: PlannedNode): Way {
  if (child.kind !== 'lateRecords') return 'next';
  return child.isOfRight === true ? 'lateOfRight' : 'late';
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
        case 'suppress':
          return true;
        case 'tableFilter':
          return tellsBefore(node) || needsBefore(child, subTopology);
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

/**
 * Whether a table tells a filter below it what it replaces without being asked for it by others; with that the filter tells
 * no deletions of rows that never passed (KAFKA-10077). The result of a foreign-key join does not, as in Kafka Streams.
 */
export function tellsBefore(node: PlannedNode | Node): boolean {
  if (node.kind === 'tableFilter' || node.kind === 'tableMapValues') return tellsBefore(node.parents[0]!);
  return !(node.kind === 'toTable' && node.parents[0]!.kind === 'foreignKeyResponse');
}
