import { HeadraceError } from '../errors.ts';
import type { JoinBufferDefinition } from '../state/store-definition.ts';
import { checkName, type Graph } from './graph.ts';
import type { Grouped } from './grouped.ts';
import { type KnownSerdes, partitionedByKey } from './partitioned-by-key.ts';
import { requiredSerdes } from './required-serdes.ts';
import type { Node } from './topology/nodes.ts';

/** How to join a stream with a table. `name` names the repartition topic, where one is needed, and the buffer of a grace. */
export interface TableJoinOptions<K, V> extends Grouped<K, V> {
  /**
   * How long a record waits for changes of the table that come later than it, milliseconds of stream time (KIP-923). Only a
   * versioned table can tell what it was at the record's time, and its history must reach as far.
   */
  readonly graceMs?: number;
}

/** The node that joins each record of a stream with a row of a table. */
export function addStreamTableJoin(
  graph: Graph,
  stream: { readonly node: Node; readonly serdes: KnownSerdes<unknown, unknown> },
  table: Node,
  isLeft: boolean,
  joiner: (left: unknown, right: unknown, key: unknown) => unknown,
  options: TableJoinOptions<unknown, unknown>,
): { readonly node: Node; readonly key: KnownSerdes<unknown, unknown>['key'] } {
  const serdes = { key: options.key ?? stream.serdes.key, value: options.value ?? stream.serdes.value };
  const parent = partitionedByKey(graph, stream.node, 'join', options.name, serdes);
  const { graceMs } = options;
  const buffer = graceMs === undefined ? undefined : bufferOf(options, serdes, table, graceMs);
  const node = graph.add(
    { kind: 'streamTableJoin', parents: [parent, table], isLeft, joiner, buffer, graceMs: graceMs ?? 0 },
    isLeft ? 'KSTREAM-LEFTJOIN' : 'KSTREAM-JOIN',
    buffer === undefined ? undefined : `${options.name}-join`,
  );
  return { node, key: serdes.key };
}

function bufferOf(
  { name }: TableJoinOptions<unknown, unknown>,
  known: KnownSerdes<unknown, unknown>,
  table: Node,
  graceMs: number,
): JoinBufferDefinition {
  if (name === undefined)
    throw invalid('join with a graceMs: it keeps records on disk; give it a name with the option "name"');
  checkName(name, 'join');
  if (!Number.isSafeInteger(graceMs) || graceMs < 0) {
    throw invalid(`join(${name}): graceMs must be whole milliseconds, 0 or more, not ${graceMs}`);
  }
  const historyMs = historyOf(table);
  if (historyMs === undefined) {
    throw invalid(`join(${name}): a join with a graceMs needs a versioned table; give the table a historyMs`);
  }
  if (historyMs < graceMs) {
    throw invalid(`join(${name}): the table's historyMs (${historyMs}) must be at least the graceMs (${graceMs})`);
  }
  const { key, value } = requiredSerdes({}, known, `join(${name})`);
  return Object.freeze({ kind: 'joinBuffer', name: `${name}-buffer`, key, value });
}

/** Of a versioned table, and of what is derived from one without being stored. */
function historyOf(table: Node): number | undefined {
  switch (table.kind) {
    case 'tableSource':
    case 'toTable':
      return table.store.kind === 'versioned' ? table.store.historyMs : undefined;
    case 'tableFilter':
    case 'tableMapValues':
      return historyOf(table.parents[0]!);
    default:
      return undefined;
  }
}

function invalid(reason: string): HeadraceError {
  return new HeadraceError('TOPOLOGY_INVALID', reason);
}
