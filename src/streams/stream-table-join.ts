import type { Graph } from './graph.ts';
import type { Node } from './topology/nodes.ts';

/** The node that joins each record of a stream, which is partitioned by its key, with a row of a table. */
export function addStreamTableJoin(
  graph: Graph,
  stream: Node,
  table: Node,
  isLeft: boolean,
  joiner: (left: unknown, right: unknown, key: unknown) => unknown,
): Node {
  return graph.add(
    { kind: 'streamTableJoin', parents: [stream, table], isLeft, joiner },
    isLeft ? 'KSTREAM-LEFTJOIN' : 'KSTREAM-JOIN',
  );
}
