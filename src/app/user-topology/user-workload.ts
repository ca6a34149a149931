import { existsSync } from 'node:fs';
import { HeadraceError } from '../../errors.ts';
import type { Log, TopicConfig } from '../../log/log.ts';
import { deadLetterTopic } from '../../runtime/dead-letter.ts';
import { resolvePartitions } from '../../runtime/partitions.ts';
import type { SinkTables } from '../sink-tables.ts';
import type { Workload } from '../workload.ts';
import type { LoadedTopology } from './loaded-topology.ts';
import { type KnownTopics, knownTopicsOf } from './topic-serdes.ts';
import { userFormats } from './user-formats.ts';

const PARTITIONS = 1;

/** A user's topology as what works on a log. Throws TOPOLOGY_INVALID for tables of topics that it does not have. */
export function userWorkload(loaded: LoadedTopology): Workload {
  const { application, topology, tables = [], migrations } = loaded;
  const { idleAfterMs, commitIntervalMs, errorHandlers, onSkipped, parkKeys } = loaded;
  const known = knownTopicsOf(loaded);
  requireKnownTables(loaded, known);
  if (migrations !== undefined && !existsSync(migrations)) {
    throw new HeadraceError(
      'INPUT_NOT_FOUND',
      `There is no directory ${migrations}, which ${loaded.file} names as migrations`,
    );
  }
  const policy = { idleAfterMs, commitIntervalMs, errorHandlers, onSkipped, parkKeys };
  return {
    systems: [{ application, topology, steps: 'commit', policy }],
    tables,
    sink: userSinkName(application),
    migrations,
    values: userFormats(known),
    createTopics: (log, partitions) => createTopics(log, loaded, known, partitions ?? PARTITIONS),
  };
}

/** Group of an application's sink. */
export function userSinkName(application: string): string {
  return `${application}-clickhouse`;
}

/** What a user's topology brings to ClickHouse. */
export function sinkOf({ application, tables = [] }: LoadedTopology): SinkTables {
  return { name: userSinkName(application), tables };
}

function requireKnownTables({ tables = [], file }: LoadedTopology, { serdes, sources }: KnownTopics): void {
  const topics = [...serdes.keys(), ...sources.map(deadLetterTopic)];
  const [unknown] = tables.filter(({ topic }) => !topics.includes(topic));
  if (unknown === undefined) return;
  throw new HeadraceError(
    'TOPOLOGY_INVALID',
    `${file}: the table ${unknown.table} takes topic ${unknown.topic}, which the topology neither reads nor writes; its topics are ${topics.join(', ')}`,
    { where: { file } },
  );
}

/** What would not run is refused before anything is made: the partitions of a topic stay for ever. */
async function createTopics(
  log: Log,
  { topology, application, topics = [] }: LoadedTopology,
  { inputs, outputs }: KnownTopics,
  partitions: number,
): Promise<void> {
  const existing = new Map((await log.topics()).map((topic) => [topic.name, topic]));
  const defined = topics.map(
    (topic): TopicConfig => ({ ...DEFAULTS, partitions: existing.get(topic.name)?.partitions ?? partitions, ...topic }),
  );
  const named = new Set([...existing.keys(), ...defined.map(({ name }) => name)]);
  const others = [...new Set([...inputs, ...outputs])].filter((name) => !named.has(name));
  const wanted = [...defined, ...others.map((name): TopicConfig => ({ ...DEFAULTS, name, partitions }))];
  resolvePartitions(
    topology.plan,
    application,
    new Map([...existing, ...wanted.map((topic) => [topic.name, topic] as const)]),
  );
  if (wanted.length > 0) await log.createTopics(wanted);
}

const DEFAULTS = { cleanup: 'delete', retentionMs: -1, retentionBytes: -1 } as const;
