import type { Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import { KStream } from './stream.ts';
import type { StreamJoinOptions } from './stream-stream-join.ts';
import type { Node } from './topology/nodes.ts';
import type { GroupedInput } from './windowed-options.ts';

/** For what comes after its window has closed. */
export interface LateOptions<K, V> {
  /**
   * Called at once, with the stream of the records that missed at least one window because it had closed: each of them once,
   * with the key, value, timestamp and headers that it came with. They are counted as skipped as well.
   */
  readonly late?: (late: KStream<K, V>) => void;
}

/** Gives the late records of an operator, named after it, to who wants them. */
export function addLate<K, V>(
  { graph, serdes }: GroupedInput<K, V>,
  parent: Node,
  { name, late }: LateOptions<K, V> & { readonly name: string },
): void {
  if (late === undefined) return;
  const node = graph.add({ kind: 'lateRecords', parents: [parent] }, 'KSTREAM-LATE', `${name}-late`);
  late(new KStream<K, V>(graph, node, serdes));
}

/** Gives the late records of a join's two streams to who wants them. */
export function addLateOfJoin(
  graph: Graph,
  parent: Node,
  [left, right]: readonly [KnownSerdes<unknown, unknown>, KnownSerdes<unknown, unknown>],
  { name, late = {} }: StreamJoinOptions<unknown, unknown, unknown>,
): void {
  const streamOf = (side: 'left' | 'right', serdes: KnownSerdes<unknown, unknown>) => {
    const node = {
      kind: 'lateRecords',
      parents: [parent],
      ...(side === 'right' ? { isOfRight: true as const } : {}),
    } as const;
    return new KStream<unknown, unknown>(graph, graph.add(node, 'KSTREAM-LATE', `${name}-late-${side}`), serdes);
  };
  if (late.left !== undefined) late.left(streamOf('left', left));
  if (late.right !== undefined) late.right(streamOf('right', right));
}
