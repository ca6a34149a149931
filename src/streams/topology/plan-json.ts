import { HeadraceError } from '../../errors.ts';
import type { StoreDefinition } from '../../state/store-definition.ts';
import type { Plan, PlannedNode, SubTopology } from './plan.ts';
import { storesOf } from './plan.ts';

/** Grows when an older release could not compare what a newer one writes. */
export const PLAN_VERSION = 1;

/** What can stand in settings: numbers that JSON has no form for are text. */
export type Setting = string | number | boolean | Readonly<Record<string, string | number | boolean>>;

/** A plan as data: what is on disk, under which names, and what the operators are. Never functions. */
export interface PlanJson {
  readonly format: 'headrace-plan';
  readonly version: number;
  readonly subTopologies: readonly SubTopologyJson[];
  /** Tables that every worker has whole; the kind of their operator is `globalTable`. */
  readonly globalTables: readonly SubTopologyJson[];
  readonly stores: readonly StoreJson[];
  readonly repartitionTopics: readonly RepartitionJson[];
}

export interface SubTopologyJson {
  readonly id: number;
  /** Topics, in the order of the sources; a repartition topic without the application before its name. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly stores: readonly string[];
  readonly operators: readonly OperatorJson[];
}

export interface OperatorJson {
  readonly name: string;
  readonly kind: string;
  readonly parents: readonly string[];
  readonly stores: readonly string[];
  readonly topic?: string;
  /** The name of each serde, null where it has none. */
  readonly serdes: Readonly<Record<string, string | null>>;
  readonly settings: Readonly<Record<string, Setting>>;
}

export interface StoreJson {
  readonly name: string;
  readonly kind: string;
  readonly serdes: Readonly<Record<string, string | null>>;
  /** Retention, history, windows: whatever its definition says besides. */
  readonly settings: Readonly<Record<string, Setting>>;
}

export interface RepartitionJson {
  readonly name: string;
  /** Null: as many as the topics before it have. */
  readonly partitions: number | null;
  readonly serdes: Readonly<Record<string, string | null>>;
}

/** Plans are frozen, and a worker that comes and goes asks for the same one each time. */
const known = new WeakMap<Plan, PlanJson>();

/** The stable form of a plan: equal plans have equal JSON, to the byte. */
export function planJsonOf(plan: Plan): PlanJson {
  const json = known.get(plan) ?? newPlanJson(plan);
  known.set(plan, json);
  return json;
}

function newPlanJson(plan: Plan): PlanJson {
  const parts = [...plan.subTopologies, ...plan.globalTables];
  const stores = new Map(parts.flatMap((each) => each.stores).map((store) => [store.name, store]));
  const sinks = plan.subTopologies.flatMap(({ nodes }) => nodes.filter((node) => node.kind === 'sink'));
  return {
    format: 'headrace-plan',
    version: PLAN_VERSION,
    subTopologies: plan.subTopologies.map(subTopologyJson),
    globalTables: plan.globalTables.map(subTopologyJson),
    stores: [...stores.values()].map(storeJson),
    repartitionTopics: plan.repartitionTopics.map(({ name, partitions }) => {
      const sink = sinks.find(({ topic }) => topic.isInternal && topic.name === name);
      return { name, partitions: partitions ?? null, serdes: sink === undefined ? {} : factsOf(sink).serdes };
    }),
  };
}

/** Throws TOPOLOGY_INVALID for what is no plan, or one that a newer release has written. `from` says where it comes from. */
export function parsePlanJson(parsed: unknown, from: string): PlanJson {
  const plan = parsed as Partial<PlanJson> | null;
  if (typeof plan !== 'object' || plan?.format !== 'headrace-plan') {
    throw new HeadraceError('TOPOLOGY_INVALID', `${from} is not a plan that "headrace topology --save" has written`);
  }
  if (plan.version !== PLAN_VERSION) {
    throw new HeadraceError(
      'TOPOLOGY_INVALID',
      `${from} is a plan of version ${plan.version}; this release reads version ${PLAN_VERSION}. Update Headrace, or save the plan again`,
    );
  }
  const lists = [plan.subTopologies, plan.globalTables, plan.stores, plan.repartitionTopics];
  if (!lists.every((list) => Array.isArray(list))) {
    throw new HeadraceError('TOPOLOGY_INVALID', `${from} is a plan of which parts are missing; save it again`);
  }
  return plan as PlanJson;
}

function subTopologyJson({ id, nodes, sources, stores }: SubTopology): SubTopologyJson {
  return {
    id,
    reads: sources.map(({ topic }) => topic.name),
    writes: [...new Set(nodes.flatMap((node) => (node.kind === 'sink' ? [node.topic.name] : [])))],
    stores: stores.map(({ name }) => name),
    operators: nodes.map(operatorJson),
  };
}

function operatorJson(node: PlannedNode): OperatorJson {
  const { serdes, settings } = factsOf(node);
  return {
    name: node.name,
    kind: node.kind === 'tableSource' && node.isGlobal ? 'globalTable' : node.kind,
    parents: node.parents.map(({ name }) => name),
    stores: storesOf(node).map(({ name }) => name),
    ...('topic' in node ? { topic: node.topic.name } : {}),
    serdes,
    settings,
  };
}

function storeJson(store: StoreDefinition): StoreJson {
  return { name: store.name, kind: store.kind, ...factsOf(store) };
}

/** Told elsewhere, or without a meaning outside of one plan. */
const NOT_FACTS: ReadonlySet<string> = new Set([
  'id',
  'name',
  'kind',
  'parents',
  'topic',
  'store',
  'stores',
  'isGlobal',
]);

/**
 * Serdes and stores by their names, and all that is a number, a text or a flag, also one level below (windows). Whatever a kind of node or
 * store gets in future is in it without a word here; functions and other nodes are not.
 */
function factsOf(described: object): Pick<OperatorJson, 'serdes' | 'settings'> {
  const serdes: Record<string, string | null> = {};
  const settings: Record<string, Setting> = {};
  for (const [name, value] of Object.entries(described).sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (NOT_FACTS.has(name)) continue;
    if (isStore(value)) settings[name] = value.name;
    else if (isSerde(value)) serdes[name] = typeof value.name === 'string' ? value.name : null;
    else if (isPlain(value)) settings[name] = plain(value);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const inner = Object.entries(value).flatMap(([key, each]) =>
        isPlain(each) ? [[key, plain(each)] as const] : [],
      );
      if (inner.length > 0) settings[name] = Object.fromEntries(inner);
    }
  }
  return { serdes, settings };
}

function isStore(value: unknown): value is StoreDefinition {
  const store = value as Partial<StoreDefinition> | null | undefined;
  return typeof store?.kind === 'string' && typeof store.name === 'string' && isSerde(store.key);
}

function isSerde(value: unknown): value is { readonly name?: unknown } {
  return typeof (value as { serialize?: unknown } | null | undefined)?.serialize === 'function';
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function plain(value: string | number | boolean): string | number | boolean {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
