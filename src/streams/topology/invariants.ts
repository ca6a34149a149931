import { HeadraceError } from '../../errors.ts';
import type { Serde } from '../../serde/serde.ts';
import type { KeyValueStoreDefinition } from '../../state/store-definition.ts';
import type { RecordContext } from '../processor.ts';
import { recordParents } from './edges.ts';
import type { SourceNode } from './nodes.ts';
import { type PlannedNode, type SubTopology, storesOf } from './plan.ts';

/** A record as an invariant sees it. Key and value are decoded when they are asked for. */
export interface InvariantRecord<K = unknown, V = unknown> {
  readonly key: K | null;
  readonly value: V | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** An entry of a store that changed, decoded when it is asked for; `undefined` where there was none, or is none any more. */
export interface InvariantChange<K = unknown, V = unknown> {
  readonly key: K;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

/** A store or table as an invariant sees it. */
export interface InvariantStore<K = unknown, V = unknown> {
  /** Each key that changed, once, in the order in which they changed first. */
  readonly changes: readonly InvariantChange<K, V>[];
  /** The value as it is after the changes, or undefined. */
  get(key: K): V | undefined;
}

/** What becomes of a record that breaches an invariant. */
export type OnBreach = 'deadLetter' | 'fail';

/** The erased form of what `holds` is given. */
export interface ErasedView {
  readonly record: RecordContext | undefined;
  readonly inputs: Readonly<Record<string, InvariantRecord | undefined>>;
  readonly forwarded: Readonly<Record<string, readonly InvariantRecord[]>>;
  readonly stores: Readonly<Record<string, InvariantStore>>;
}

/** Serdes of a topic's records. */
export interface TopicSerdes<K = unknown, V = unknown> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

interface InvariantBase {
  readonly name: string;
  readonly onBreach: OnBreach;
  /** Topics that are written to, by their names. */
  readonly topics: Readonly<Record<string, TopicSerdes>>;
  readonly stores: Readonly<Record<string, KeyValueStoreDefinition>>;
  readonly holds: (view: ErasedView) => unknown;
}

/** An invariant as a builder collects it; `inputs` are the names of sources in the plan. */
export interface DeclaredInvariant extends InvariantBase {
  readonly inputs: Readonly<Record<string, string>>;
}

/** An invariant in its place: checked by the tasks of the sub-topology that it is in. */
export interface PlannedInvariant extends InvariantBase {
  readonly inputs: Readonly<Record<string, SourceNode>>;
}

/** What an invariant names, and the operators to which that belongs. */
interface Part {
  readonly what: string;
  readonly nodes: readonly PlannedNode[];
  /** Whether its operators write it; else they read it. */
  readonly isWritten: boolean;
}

/**
 * Puts each invariant into the sub-topologies that have all that it names. Throws TOPOLOGY_INVALID where there is none, where its
 * parts are in different ones, and where they do not change together because a cached table holds some of them back.
 */
export function withInvariants(
  parts: readonly SubTopology[],
  invariants: readonly DeclaredInvariant[],
): readonly SubTopology[] {
  const operators = new Set(parts.flatMap(({ nodes }) => nodes.map(({ name }) => name)));
  const placed = new Map<SubTopology, PlannedInvariant[]>();
  for (const invariant of invariants) {
    if (operators.has(invariant.name)) {
      throw refused(invariant.name, 'an operator has this name as well; give the invariant another one');
    }
    const named = partsOf(parts, invariant);
    for (const part of homeOf(parts, invariant.name, named)) {
      checkTogether(part, invariant.name, named);
      const sources = new Map(part.sources.map((source) => [source.name, source]));
      const inputs = Object.fromEntries(
        Object.entries(invariant.inputs).map(([alias, source]) => [alias, sources.get(source)!] as const),
      );
      placed.set(part, [...(placed.get(part) ?? []), Object.freeze({ ...invariant, inputs })]);
    }
  }
  return parts.map((part) => {
    const own = placed.get(part);
    return own === undefined ? part : Object.freeze({ ...part, invariants: own });
  });
}

/** TOPOLOGY_INVALID, naming the invariant. */
export function refused(invariant: string, reason: string): HeadraceError {
  return new HeadraceError('TOPOLOGY_INVALID', `invariant(${invariant}): ${reason}`, {
    where: { operator: invariant },
  });
}

function partsOf(parts: readonly SubTopology[], { name, inputs, topics, stores }: DeclaredInvariant): readonly Part[] {
  const nodes = parts.flatMap((part) => part.nodes);
  const written = Object.keys(topics).map((topic): Part => {
    const sinks = nodes.filter((node) => node.kind === 'sink' && !node.topic.isInternal);
    const own = sinks.filter((node) => node.kind === 'sink' && node.topic.name === topic);
    if (own.length === 0) {
      const others = sinks.flatMap((node) => (node.kind === 'sink' ? [node.topic.name] : []));
      throw refused(name, `nothing in the topology writes to topic ${topic}; it writes ${listed(others)}`);
    }
    checkSerdes(name, topic, topics[topic]!, own);
    return { what: `topic ${topic}`, nodes: own, isWritten: true };
  });
  const kept = Object.values(stores).map((store): Part => {
    const own = nodes.filter((node) => storesOf(node).includes(store));
    if (own.length > 0) return { what: `store ${store.name}`, nodes: own, isWritten: true };
    const all = parts.flatMap((part) => part.stores);
    const isTaken = all.some((each) => each.name === store.name);
    throw refused(
      name,
      isTaken
        ? `the store ${store.name} of the topology is another definition; give the very one that its operator has`
        : `no operator of the topology has the store ${store.name}; there are ${listed(all.map((each) => each.name))}`,
    );
  });
  const read = Object.values(inputs).map((source): Part => {
    const own = nodes.filter((node) => node.name === source);
    return { what: `input ${source}`, nodes: own, isWritten: false };
  });
  return [...written, ...kept, ...read];
}

/** Serdes of different names read other bytes than were written. */
function checkSerdes(invariant: string, topic: string, serdes: TopicSerdes, sinks: readonly PlannedNode[]): void {
  for (const part of ['key', 'value'] as const) {
    for (const sink of sinks) {
      const [given, writes] = [serdes[part].name, (sink as unknown as TopicSerdes)[part].name];
      if (given === undefined || writes === undefined || given === writes) continue;
      throw refused(
        invariant,
        `the ${part} of topic ${topic} is written by the serde ${writes}, and is read by ${given}`,
      );
    }
  }
}

/** The sub-topologies that have all of the parts: the same for each of them. */
function homeOf(parts: readonly SubTopology[], invariant: string, named: readonly Part[]): readonly SubTopology[] {
  const homes = named.map(({ nodes }) => parts.filter((part) => part.nodes.some((node) => nodes.includes(node))));
  const [first, ...others] = homes;
  if (others.every((other) => other.length === first!.length && other.every((part) => first!.includes(part)))) {
    return first!;
  }
  const places = named.map(({ what }, index) => {
    const ids = homes[index]!.map((part) => parts.indexOf(part));
    return `${what} in ${ids.join(' and ')}`;
  });
  throw refused(
    invariant,
    `its parts are in different sub-topologies, which process records apart from each other: ${places.join(', ')}; declare one for each`,
  );
}

/**
 * What a cached table holds back is sent on in a step of its own, after the record: an invariant over what changes with the record and
 * what changes with that step would never see both.
 */
function checkTogether(part: SubTopology, invariant: string, named: readonly Part[]): void {
  const origins = originsOf(part);
  const steps = named
    .filter(({ isWritten }) => isWritten)
    .map(({ what, nodes }) => {
      const names = new Set(nodes.flatMap((node) => [...(origins.get(node) ?? [])]));
      return { what, key: [...names].sort().join(' '), names };
    });
  if (new Set(steps.map(({ key }) => key)).size <= 1) return;
  const places = steps.map(({ what, names }) => {
    const when = [...names].map((name) => (name === RECORD ? 'with the record' : `when ${name} sends its updates on`));
    return `${what} changes ${when.join(' and ')}`;
  });
  throw refused(
    invariant,
    `its parts do not change together, for a cached table sends its updates on after the record: ${places.join(', ')}; declare one for each, or leave out cached`,
  );
}

const RECORD = '';

/** In which steps each operator works: with the record of a source, or when one of the cached tables above it sends its updates on. */
function originsOf({ nodes }: SubTopology): ReadonlyMap<PlannedNode, ReadonlySet<string>> {
  const origins = new Map<PlannedNode, ReadonlySet<string>>();
  for (const node of nodes) {
    if (node.kind === 'source') {
      origins.set(node, new Set([RECORD]));
      continue;
    }
    const own = new Set<string>();
    for (const parent of recordParents(node)) {
      // Late records leave a table past its cache.
      if (node.kind !== 'lateRecords' && 'cached' in parent && parent.cached === true) own.add(parent.name);
      else for (const origin of origins.get(parent)!) own.add(origin);
    }
    origins.set(node, own);
  }
  return origins;
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : [...new Set(names)].join(', ');
}
