import { HeadraceError } from '../errors.ts';
import type { Graph } from './graph.ts';
import type { Node } from './topology/nodes.ts';

type Predicate = (key: unknown, value: unknown) => boolean;

/** The nodes of a split by their names, the last of them `rest`: what no branch before it took. */
export function addBranches(
  graph: Graph,
  parent: Node,
  branches: Readonly<Record<string, Predicate>>,
  splitName: string | undefined,
): readonly (readonly [name: string, node: Node])[] {
  const names = Object.keys(branches);
  if (names.includes('rest')) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      'split: "rest" is the branch of what no other branch took; name yours differently',
    );
  }
  const predicates = names.map((name) => branches[name]);
  return [...names, 'rest'].map((name, index) => {
    const previous = predicates.slice(0, index) as readonly Predicate[];
    const node = { kind: 'branch', parents: [parent], previous, predicate: predicates[index] } as const;
    return [name, graph.add(node, 'KSTREAM-BRANCH', splitName === undefined ? undefined : `${splitName}-${name}`)];
  });
}
