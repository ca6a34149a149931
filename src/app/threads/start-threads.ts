import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HeadraceError, invariant } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { NewRecord } from '../../log/record.ts';
import type { LocalNodeOptions } from '../local-node-options.ts';
import type { System } from '../systems.ts';
import { memberOf } from './run-thread.ts';
import type { SharedOptions, StatePlace, ThreadOrders } from './thread-messages.ts';
import { ThreadWorkers } from './thread-workers.ts';

export type { StatePlace } from './thread-messages.ts';

export interface StartThreadsOptions {
  readonly node: LocalNodeOptions;
  /** Where this process is asked for state; its threads serve beside it. */
  readonly statePlace: StatePlace | undefined;
  /** The node's data directory, as a real path. */
  readonly directory: string;
  readonly log: Log;
  readonly systems: readonly Pick<System, 'application'>[];
  readonly append: (records: readonly NewRecord[]) => Promise<unknown>;
  readonly onFault: (source: string, error: HeadraceError) => void;
  readonly onFailure: (error: unknown) => void;
}

/** In a data directory: a folder for each thread, named by its number. */
const FOLDERS = 'threads';

/**
 * Starts the threads beside the main one, `node.threads` less one, each with a folder and a name of its own: `INSTANCE_1` and so on, so that static
 * membership and transactional ids survive restarts. Threads of an earlier start that are not wanted any more are taken out of their groups.
 */
export async function startThreads(options: StartThreadsOptions): Promise<readonly ThreadWorkers[]> {
  const { node, directory, log, statePlace } = options;
  const { threads = 1 } = node;
  await retireThreads(options, threads);
  if (threads === 1) return [];
  const { instance } = log;
  invariant(instance !== undefined && node.kafka !== undefined, 'threads share the partitions of a log on Kafka');
  const shared = sharedOptions(node);
  return Array.from({ length: threads - 1 }, (_, i) => {
    const number = i + 1;
    const folder = join(directory, FOLDERS, `${number}`);
    const place = { folder, logDirectory: directory, instance: nameOf(instance, number), statePlace };
    return startThread({ number, ...place, options: shared }, options);
  });
}

function startThread(orders: ThreadOrders, { append, onFault, onFailure, node }: StartThreadsOptions): ThreadWorkers {
  return new ThreadWorkers({
    orders,
    append,
    onFault,
    onFailure: (error) => {
      node.logger.error({ error, thread: orders.number }, 'a thread has ended');
      onFailure(error);
    },
  });
}

function nameOf(instance: string, number: number): string {
  // A name of ours has no underscore otherwise: by it the threads of one process are known (group/standby-assignor.ts).
  return `${instance}_${number}`;
}

/** Everything but what is the node's alone, so that a new option reaches the threads without being named here. */
function sharedOptions(node: LocalNodeOptions): SharedOptions {
  const { clock: _c, logger: _l, dataDirectory: _d, threads: _t, partitions: _p, ...other } = node;
  const { readsLogOnly: _r, loaded: _o, flushIntervalMs: _f, onEngineFailure: _e, onStep: _s, ...shared } = other;
  return shared;
}

/**
 * A process that was killed and comes back with fewer threads leaves members in the groups that never come back: it says so for them, and ends what
 * they had open. Where the brokers do not let it, the end of their sessions says the same.
 */
async function retireThreads(options: StartThreadsOptions, threads: number): Promise<void> {
  const { directory, log, systems, onFault } = options;
  const gone = threadsIn(directory).filter((number) => number >= threads);
  const { instance } = log;
  if (gone.length === 0 || log.retire === undefined || instance === undefined) return;
  const members = gone.map((number) => `${nameOf(instance, number)}.${memberOf(number)}`);
  for (const { application } of systems) {
    try {
      await log.retire(application, members);
    } catch (error) {
      if (!(error instanceof HeadraceError)) throw error;
      onFault('log', error);
    }
  }
}

/** The numbers of the threads that ever worked in this data directory. */
function threadsIn(directory: string): readonly number[] {
  const folders = join(directory, FOLDERS);
  if (!existsSync(folders)) return [];
  return readdirSync(folders)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}
