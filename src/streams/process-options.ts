import type { ProcessStoreDefinition } from '../state/store-definition.ts';
import type { Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import type { Processor, ProcessorContext, ProcessorSupplier } from './processor.ts';
import type { Node } from './topology/nodes.ts';

export interface ProcessOptions<K, V, S extends Readonly<Record<string, ProcessStoreDefinition>>, K2, V2>
  extends KnownSerdes<K2, V2> {
  readonly name: string;
  readonly stores?: S;
  /** Makes the function that takes the records, once for each task. */
  readonly processor: (context: ProcessorContext<S, K2, V2>) => Processor<K, V>;
}

export function addProcess<K, V, S extends Readonly<Record<string, ProcessStoreDefinition>>, K2, V2>(
  graph: Graph,
  parent: Node,
  options: ProcessOptions<K, V, S, K2, V2>,
  changesKey: boolean,
): Node {
  const node = {
    kind: 'process',
    parents: [parent],
    stores: Object.freeze({ ...options.stores }),
    // The one cast of a processor: the DSL has checked its types, the engine moves unknown values.
    supplier: options.processor as unknown as ProcessorSupplier,
    changesKey,
  } as const;
  return graph.add(node, 'KSTREAM-PROCESSOR', options.name);
}
