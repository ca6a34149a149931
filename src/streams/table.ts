import type { Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { KStream, type Named } from './stream.ts';
import type { Node } from './topology/nodes.ts';

/** A table: for each key the newest value, and a stream of its changes. Immutable. */
export class KTable<K, V> {
  readonly #graph: Graph;
  readonly #node: Node;
  readonly #serdes: KnownSerdes<K, V>;

  constructor(graph: Graph, node: Node, serdes: KnownSerdes<K, V>) {
    this.#graph = graph;
    this.#node = node;
    this.#serdes = { key: serdes.key, value: serdes.value };
  }

  /** The rows for which the predicate is true; a row that ceases to be one is deleted (null) downstream. */
  filter(predicate: (key: K, value: V) => boolean, named: Named = {}): KTable<K, V> {
    return this.#filter(predicate, true, named);
  }

  /** The rows for which the predicate is false. */
  filterNot(predicate: (key: K, value: V) => boolean, named: Named = {}): KTable<K, V> {
    return this.#filter(predicate, false, named);
  }

  /** A new value for each row; deletions stay deletions. */
  mapValues<V2>(mapper: (value: V, key: K) => V2, named: Named = {}): KTable<K, V2> {
    const mapped = (key: K, value: V) => mapper(value, key);
    const node = this.#graph.add(
      { kind: 'tableMapValues', parents: [this.#node], mapper: mapped as never },
      'KTABLE-MAPVALUES',
      named.name,
    );
    return new KTable(this.#graph, node, { key: this.#serdes.key });
  }

  /** The changes as a stream; a deletion is a null value. */
  toStream(named: Named = {}): KStream<K, V> {
    return new KStream<K, V>(
      this.#graph,
      this.#graph.add({ kind: 'toStream', parents: [this.#node] }, 'KTABLE-TOSTREAM', named.name),
      this.#serdes,
    );
  }

  /** For the other classes of the DSL. @internal */
  node(): Node {
    return this.#node;
  }

  /** For the other classes of the DSL. @internal */
  graph(): Graph {
    return this.#graph;
  }

  #filter(predicate: (key: K, value: V) => boolean, keepWhen: boolean, named: Named): KTable<K, V> {
    const node = this.#graph.add(
      { kind: 'tableFilter', parents: [this.#node], predicate: predicate as never, keepWhen },
      'KTABLE-FILTER',
      named.name,
    );
    return new KTable(this.#graph, node, this.#serdes);
  }
}
