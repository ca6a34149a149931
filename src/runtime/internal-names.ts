import { HeadraceError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { type PlanJson, planJsonOf } from '../streams/topology/plan-json.ts';
import { deadLetterTopic } from './dead-letter.ts';
import { idleTickTopicOf } from './idle-tick.ts';
import { topicNamer } from './partitions.ts';

/** Kafka's limit, which the log's topics keep as well. */
const TOPIC_NAME_LENGTH_MAX = 249;

export interface InternalTopic {
  readonly name: string;
  /** What of the topology it belongs to, for messages. */
  readonly of: string;
  /**
   * `repartition`: records under way between two parts of the topology; they come again when their sources are processed
   * again, so a reset passes over them. `idleTicks`: input that the engine wrote down, which a replay needs at the same
   * places; a reset goes back to its beginning.
   */
  readonly kind: 'repartition' | 'idleTicks';
}

/** The topics that only this application reads, by their names in the log; those of idle ticks exist only where time passes in silence. */
export function internalTopicsOf(
  plan: Pick<PlanJson, 'repartitionTopics' | 'subTopologies'>,
  application: string,
): readonly InternalTopic[] {
  const nameOf = topicNamer(application);
  const internal = new Set(plan.repartitionTopics.map(({ name }) => name));
  return [
    ...plan.repartitionTopics.map(({ name }) => ({
      name: nameOf({ name, isInternal: true }),
      of: `the repartition ${name.replace(/-repartition$/, '')}`,
      kind: 'repartition' as const,
    })),
    ...plan.subTopologies.flatMap(({ reads: [first] }) =>
      first === undefined
        ? []
        : [
            {
              name: idleTickTopicOf(application, { name: first, isInternal: internal.has(first) }),
              of: `the idle ticks of ${first}`,
              kind: 'idleTicks' as const,
            },
          ],
    ),
  ];
}

/**
 * With the application's name before them, names must fit into a topic's name and meet no other topic: not one that the
 * topology reads or writes, nor one that differs in "." and "_" only (Kafka takes these for the same). Throws
 * TOPOLOGY_INVALID.
 */
export function checkInternalNames(plan: Plan, application: string, hasIdleTicks: boolean): void {
  const nameOf = topicNamer(application);
  const owners = new Map<string, string>();
  for (const { nodes } of [...plan.subTopologies, ...plan.globalTables]) {
    for (const node of nodes) {
      if ((node.kind !== 'source' && node.kind !== 'sink') || node.topic.isInternal) continue;
      owners.set(unified(node.topic.name), `${node.name}, which ${node.kind === 'source' ? 'reads' : 'writes'} it`);
    }
  }
  for (const { name, of, kind } of internalTopicsOf(planJsonOf(plan), application)) {
    if (kind === 'idleTicks' && !hasIdleTicks) continue;
    requireLength(name, of, application);
    const other = owners.get(unified(name));
    if (other !== undefined) {
      throw new HeadraceError(
        'TOPOLOGY_INVALID',
        `The topic ${name} would belong to ${of} of application ${application} and to ${other}; give one of them another name`,
        { where: { topic: name } },
      );
    }
    owners.set(unified(name), of);
  }
  for (const { sources } of plan.subTopologies) {
    for (const { name, topic } of sources) {
      requireLength(deadLetterTopic(nameOf(topic)), `the dead letters of ${name}`, application);
    }
  }
}

/**
 * Two applications must not share an internal topic, as `a` with the repartition `b-c` and `a-b` with `c` would. Throws
 * TOPOLOGY_INVALID where another group has read one.
 */
export async function checkNotShared(log: Log, plan: Plan, application: string): Promise<void> {
  const own = new Map(internalTopicsOf(planJsonOf(plan), application).map(({ name, of }) => [name, of]));
  for (const group of await log.groups()) {
    if (group === application) continue;
    for (const { topic } of await log.committedOffsets(group)) {
      const of = own.get(topic);
      if (of === undefined) continue;
      throw new HeadraceError(
        'TOPOLOGY_INVALID',
        `The topic ${topic} would belong to ${of} of application ${application}, and application ${group} reads it already; give one of them another name`,
        { where: { topic } },
      );
    }
  }
}

function unified(topic: string): string {
  return topic.replaceAll('.', '_');
}

function requireLength(topic: string, of: string, application: string): void {
  if (topic.length <= TOPIC_NAME_LENGTH_MAX) return;
  throw new HeadraceError(
    'TOPOLOGY_INVALID',
    `The topic of ${of} of application ${application} would have a name of ${topic.length} characters, and ${TOPIC_NAME_LENGTH_MAX} is the most: shorten the name by ${topic.length - TOPIC_NAME_LENGTH_MAX}`,
    { where: { topic } },
  );
}
