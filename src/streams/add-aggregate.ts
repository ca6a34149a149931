import { HeadraceError } from '../errors.ts';
import type { Serde } from '../serde/serde.ts';
import type {
  KeyValueStoreDefinition,
  SessionStoreDefinition,
  WindowStoreDefinition,
} from '../state/store-definition.ts';
import { type CachedOption, cachedOf } from './cached.ts';
import { checkName, type Graph } from './graph.ts';
import { partitionedByKey } from './partitioned-by-key.ts';
import type { Aggregator, Node } from './topology/nodes.ts';
import { type TtlOption, ttlOf } from './ttl.ts';
import { emitOf, type GroupedInput, retentionOf, type WindowedOptions } from './windowed-options.ts';
import { sessionWindowedSerde, timeWindowedSerde } from './windowed-serde.ts';
import type { SessionWindows, SlidingWindows, TimeWindows, Windowed } from './windows.ts';

/** A grouped stream and what is done with its records; an aggregate has one of them, a cogrouped one several. */
export interface AggregateInput {
  readonly input: GroupedInput<unknown, unknown>;
  readonly aggregator: Aggregator;
}

export interface NewAggregate extends CachedOption, TtlOption {
  readonly inputs: readonly AggregateInput[];
  /** Of `describe()`. */
  readonly prefix: string;
  readonly name: string;
  readonly value: Serde<unknown>;
}

/** A node and the serde of its rows' keys. */
export interface AddedAggregate<K> {
  readonly graph: Graph;
  readonly node: Node;
  readonly key: Serde<K>;
}

export function addAggregate(
  { inputs, prefix, name, value, cached = false, ...options }: NewAggregate,
  initializer: (() => unknown) | undefined,
): AddedAggregate<unknown> {
  const { graph, parents, key, aggregators } = joinedInputs(inputs, name);
  const store: KeyValueStoreDefinition = Object.freeze({ kind: 'keyValue', name, key, value, timestamped: true });
  const node = graph.add(
    {
      kind: 'aggregate',
      parents,
      store,
      initializer,
      aggregators,
      ...cachedOf({ name, cached }),
      ...ttlOf({ name, ...options }, key),
    },
    prefix,
    `${name}-aggregate`,
  );
  return { graph, node, key };
}

export function addWindowAggregate(
  { inputs, prefix, name, value }: NewAggregate,
  windows: TimeWindows | SlidingWindows,
  options: WindowedOptions,
  initializer: () => unknown,
): AddedAggregate<Windowed<unknown>> {
  const { graph, parents, key, aggregators } = joinedInputs(inputs, name);
  const windowMs = windows.kind === 'time' ? windows.sizeMs : windows.timeDifferenceMs;
  // A late record needs the windows that ended up to one difference before it.
  const leastMs = (windows.kind === 'time' ? windowMs : 2 * windowMs) + windows.graceMs;
  const retentionMs = retentionOf(options, leastMs);
  const store: WindowStoreDefinition = Object.freeze({ kind: 'window', name, key, value, windowMs, retentionMs });
  const node = graph.add(
    {
      kind: 'windowAggregate',
      parents,
      windows,
      store,
      initializer,
      aggregators,
      emit: emitOf(options),
      ...cachedOf(options),
    },
    prefix,
    `${name}-aggregate`,
  );
  return { graph, node, key: timeWindowedSerde(key, windowMs) };
}

export function addSessionAggregate(
  { inputs, prefix, name, value }: NewAggregate,
  windows: SessionWindows,
  options: WindowedOptions,
  initializer: () => unknown,
  merger: (key: unknown, one: unknown, other: unknown) => unknown,
): AddedAggregate<Windowed<unknown>> {
  const { graph, parents, key, aggregators } = joinedInputs(inputs, name);
  const retentionMs = retentionOf(options, windows.gapMs + windows.graceMs);
  const store: SessionStoreDefinition = Object.freeze({ kind: 'session', name, key, value, retentionMs });
  const node = graph.add(
    {
      kind: 'sessionAggregate',
      parents,
      windows,
      store,
      initializer,
      aggregators,
      merger,
      emit: emitOf(options),
      ...cachedOf(options),
    },
    prefix,
    `${name}-aggregate`,
  );
  return { graph, node, key: sessionWindowedSerde(key) };
}

/** The parents below which the aggregate hangs, each partitioned by its key. Throws TOPOLOGY_INVALID where its serde is not known. */
function joinedInputs(inputs: readonly AggregateInput[], name: string) {
  checkName(name, 'aggregate');
  const { graph } = inputs[0]!.input;
  const key = inputs.map(({ input }) => input.serdes.key).find((each) => each !== undefined);
  if (key === undefined) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `aggregate(${name}): the serde of the key is not known here; give it to groupByKey or groupBy`,
    );
  }
  const parents = inputs.map(({ input: { node, repartitionName, serdes } }) =>
    partitionedByKey(graph, node, `aggregate(${name})`, repartitionName, serdes),
  );
  return { graph, parents, key, aggregators: inputs.map(({ aggregator }) => aggregator) };
}
