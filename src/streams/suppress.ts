import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import { checkName, type Graph } from './graph.ts';
import type { KnownSerdes } from './partitioned-by-key.ts';
import type { Node } from './topology/nodes.ts';

interface SuppressStore<K, V> extends KnownSerdes<K, V> {
  /** Names the store of what is held back. It becomes part of the state on disk: keep it. */
  readonly name: string;
}

/** One result for each window, when it has closed. With `maxRecords`, a record that would make more of them wait fails. */
export interface SuppressUntilWindowCloses<K, V> extends SuppressStore<K, V> {
  readonly kind: 'windowCloses';
  readonly maxRecords?: number;
}

/** At most one change of a key in `ms` of stream time. */
export interface SuppressUntilTimeLimit<K, V> extends SuppressStore<K, V> {
  readonly kind: 'timeLimit';
  readonly ms: number;
  /** How many keys may wait; infinite without it. */
  readonly maxRecords?: number;
  /** What happens to more of them: the oldest are sent early (the default), or the record fails. */
  readonly whenFull?: 'emitEarly' | 'fail';
}

/** How a table holds its changes back. */
export type SuppressOptions<K, V> = SuppressUntilWindowCloses<K, V> | SuppressUntilTimeLimit<K, V>;

/** Throws TOPOLOGY_INVALID where a serde or, for `windowCloses`, a window is missing. */
export function addSuppress<K, V>(
  graph: Graph,
  table: Node,
  known: KnownSerdes<K, V>,
  options: SuppressOptions<K, V>,
): { readonly node: Node; readonly key: Serde<K>; readonly value: Serde<V> } {
  const { name, maxRecords = Number.POSITIVE_INFINITY } = options;
  checkName(name, 'suppress');
  const key = options.key ?? known.key;
  const value = options.value ?? known.value;
  if (key === undefined || value === undefined) {
    const missing = key === undefined ? 'key' : 'value';
    throw invalid(name, `the serde of the ${missing} is not known here; give it as an option`);
  }
  if (maxRecords !== Number.POSITIVE_INFINITY) checkWhole(name, 'maxRecords', maxRecords, 1);
  let waitMs: number | undefined;
  if (options.kind === 'timeLimit') {
    waitMs = options.ms;
    checkWhole(name, 'ms', waitMs, 0);
  } else {
    waitMs = graceOf(table);
    if (waitMs === undefined)
      throw invalid(name, 'only a table that comes from a windowed aggregate has windows that close');
  }
  const node = graph.add(
    {
      kind: 'suppress',
      parents: [table],
      store: Object.freeze({ kind: 'suppress', name, key: key as Serde<unknown>, value: value as Serde<unknown> }),
      until: options.kind,
      waitMs,
      maxRecords,
      whenFull: options.kind === 'timeLimit' ? (options.whenFull ?? 'emitEarly') : 'fail',
    },
    'KTABLE-SUPPRESS',
    `${name}-suppress`,
  );
  return { node, key, value };
}

/** How long after its end a window above this node may still change; the longest, where there are several. */
function graceOf(node: Node): number | undefined {
  if (node.kind === 'windowAggregate') return node.windows.graceMs;
  if (node.kind === 'sessionAggregate') return node.windows.graceMs + node.windows.gapMs;
  const above = node.parents.map(graceOf).filter((grace) => grace !== undefined);
  return above.length === 0 ? undefined : Math.max(...above);
}

function checkWhole(name: string, option: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw invalid(name, `${option} must be a whole number of ${least} or more, not ${value}`);
  }
}

function invalid(name: string, reason: string): HeadraceError {
  return new HeadraceError('TOPOLOGY_INVALID', `suppress(${name}): ${reason}`);
}
