import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GenericSinkDefinition } from '../clickhouse/generic/generic-sink-definition.ts';
import type { Clock } from '../clock.ts';
import { type ErrorCode, HeadraceError } from '../errors.ts';
import { readOwner } from '../storage/data-directory.ts';
import { openTopicFormats } from './formats/open-topic-formats.ts';
import type { ValueFormat } from './formats/topic-formats.ts';
import { LocalNode } from './local-node.ts';
import { openLogger } from './logger.ts';
import type { HeadraceNode } from './node.ts';
import { RemoteNode } from './remote-node.ts';
import { type LoadedTopology, loadTopology } from './user-topology/loaded-topology.ts';
import { knownTopicsOf } from './user-topology/topic-serdes.ts';
import { userFormats } from './user-topology/user-formats.ts';
import { sinkOf } from './user-topology/user-workload.ts';

export interface OpenNodeOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly valueFormat?: ValueFormat | undefined;
  readonly schemaRegistry?: string | undefined;
  /** Brokers of Apache Kafka, where the log is there. */
  readonly kafka?: string | undefined;
  /** The address of a ClickHouse server, where that is used in place of the embedded one. */
  readonly clickhouse?: string | undefined;
  /** The file of a user's topology, where that is what works on the log. */
  readonly topologyFile?: string | undefined;
  readonly loaded?: LoadedTopology | undefined;
  /** Whether only the log is looked at: on Kafka that needs nothing of a data directory. */
  readonly readsLogOnly?: boolean;
  /** On Kafka: what one fetch outside of groups brings at most. */
  readonly readBytesMax?: number | undefined;
  /** Topics that get a table of their own, where this process runs the engine. */
  readonly sinks?: readonly GenericSinkDefinition[] | undefined;
  /** How many keys of a partition may wait behind dead letters, where this process runs the engine. */
  readonly parkKeysMax?: number | undefined;
  /** Whether engine and sink are to run: needed by what appends and waits for results. */
  readonly runsEngine?: boolean;
  /** Whether a directory that does not exist is made: what only reads has nothing to find in it. */
  readonly createsDirectory?: boolean;
}

/** An owner may be about to serve, or about to end: how long to wait for either. */
const OWNER_WAIT_MAX_MS = 10_000;
/** A directory that another process is just making looks for a moment like one that is not ours. */
const MAKING_WAIT_MAX_MS = 1_000;
const OWNER_WAIT_STEP_MS = 50;
/** What may pass by itself, and how long it is waited for. */
const WAIT_MAX_MS: ReadonlyMap<ErrorCode, number> = new Map([
  ['DATA_DIRECTORY_IN_USE', OWNER_WAIT_MAX_MS],
  ['REMOTE_FAILED', OWNER_WAIT_MAX_MS],
  ['NOT_RUNNING', OWNER_WAIT_MAX_MS],
  ['DATA_DIRECTORY_INVALID', MAKING_WAIT_MAX_MS],
]);
/** A command that owns the directory stays so long at most for other commands that ask through it. */
const LINGER_MAX_MS = 60_000;

/**
 * The node of a data directory: the process that serves it, if one does, else this one opens it itself and serves it to
 * others meanwhile, for all that they may want, whatever itself is for. Throws DATA_DIRECTORY_IN_USE or REMOTE_FAILED for an owner that does not answer, and
 * DATA_DIRECTORY_INVALID for a directory that does not exist and is not to be made.
 */
export async function openNode({ topologyFile, ...given }: OpenNodeOptions): Promise<HeadraceNode> {
  const options =
    topologyFile === undefined ? given : { ...given, loaded: given.loaded ?? (await loadTopology(topologyFile)) };
  const { dataDirectory, createsDirectory = false, kafka, readsLogOnly } = options;
  if (kafka !== undefined && readsLogOnly === true) return openReader(options);
  if (!createsDirectory && !existsSync(dataDirectory)) {
    throw new HeadraceError(
      'DATA_DIRECTORY_INVALID',
      `There is no data directory ${dataDirectory}. Name another one with --data, or let "headrace start" make it`,
    );
  }
  const startedAt = options.clock();
  for (;;) {
    try {
      return (await askOwner(options)) ?? (await openLocally(options));
    } catch (error) {
      const waitMaxMs = error instanceof HeadraceError ? (WAIT_MAX_MS.get(error.code) ?? 0) : 0;
      if (options.clock() - startedAt >= waitMaxMs) throw error;
      await sleep(OWNER_WAIT_STEP_MS);
    }
  }
}

/** For what only reads the log on Kafka: a data directory that is nobody's and goes with it. */
async function openReader(options: OpenNodeOptions): Promise<HeadraceNode> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'headrace-'));
  const remove = () => rmSync(dataDirectory, { recursive: true, force: true });
  try {
    const logger = openLogger(dataDirectory);
    const node = await LocalNode.open({ ...options, dataDirectory, logger });
    const close = node.close.bind(node);
    node.close = () => close().finally(remove);
    return node;
  } catch (error) {
    remove();
    throw error;
  }
}

async function askOwner(options: OpenNodeOptions): Promise<RemoteNode | undefined> {
  const { dataDirectory, clock, schemaRegistry, loaded } = options;
  const owner = await readOwner(dataDirectory);
  if (owner?.address === undefined || owner.token === undefined) return undefined;
  const registry = schemaRegistry === undefined ? {} : { registryUrl: schemaRegistry };
  const formats = loaded === undefined ? openTopicFormats({ clock, ...registry }) : userFormats(knownTopicsOf(loaded));
  const sink = loaded === undefined ? [] : [sinkOf(loaded)];
  const node = new RemoteNode(owner.address, owner.token, await formats, ...sink);
  await node.visit();
  return node;
}

async function openLocally({ runsEngine = false, readsLogOnly: _, ...options }: OpenNodeOptions): Promise<LocalNode> {
  const onEngineFailure = (error: unknown) => {
    process.stderr.write(`headrace: the engine has ended: ${(error as Error).message}\n`);
    process.exit(1);
  };
  const logger = openLogger(options.dataDirectory);
  const node = await LocalNode.open({ ...options, logger, onEngineFailure });
  try {
    await node.serve(0, LINGER_MAX_MS);
    if (runsEngine) await node.start(onEngineFailure);
    return node;
  } catch (error) {
    await node.close();
    throw error;
  }
}
