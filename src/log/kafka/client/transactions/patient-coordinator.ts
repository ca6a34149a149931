/** A request to a coordinator, as kafkajs's Broker has it. */
type Ask = (payload: unknown) => Promise<unknown>;

const METHODS = ['initProducerId', 'addPartitionsToTxn', 'addOffsetsToTxn', 'endTxn', 'txnOffsetCommit'] as const;
type Method = (typeof METHODS)[number];

type Coordinator = Readonly<Record<Method, Ask>>;

interface Coordinated {
  readonly groupId: string;
  readonly coordinatorType?: number;
}

interface Cluster {
  findGroupCoordinator(what: Coordinated): Promise<Coordinator>;
  refreshMetadata(): Promise<void>;
}

interface Logger {
  debug(message: string, fields: object): void;
}

const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 200;
/** With the pauses above this is half a minute, beside the time that the answers take. */
const ATTEMPTS_MAX = 160;

/** It is another broker by now, or this one is not ready: look it up anew. */
const MOVED = ['GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'];
const NOT_YET = [
  'GROUP_LOAD_IN_PROGRESS',
  'CONCURRENT_TRANSACTIONS',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'REQUEST_TIMED_OUT',
];
/** Some partitions of the request were refused, and the others therefore not tried. */
const NOT_TRIED = ['OPERATION_NOT_ATTEMPTED'];
const UNREACHABLE = [
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSLockTimeout',
];

/**
 * Coordinators that are remembered and asked again. The requests of a transaction are idempotent under their producer's epoch, so a
 * lost answer is no reason not to ask again; what the last attempt rejects with is passed on.
 */
export function patientCoordinator(cluster: Cluster, logger: Logger): (what: Coordinated) => Coordinator {
  const known = new Map<string, Promise<Coordinator>>();

  const find = (what: Coordinated): Promise<Coordinator> => {
    const key = JSON.stringify([what.coordinatorType ?? 0, what.groupId]);
    const present = known.get(key);
    if (present !== undefined) return present;
    const found = cluster.findGroupCoordinator(what);
    known.set(key, found);
    found.catch(() => known.delete(key));
    return found;
  };

  const ask = async (what: Coordinated, method: Method, payload: unknown): Promise<unknown> => {
    let pauseMs = PAUSE_MIN_MS;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const coordinator = await find(what);
        return await coordinator[method](payload);
      } catch (error) {
        const { name, type, message } = described(error);
        const isUnreachable = UNREACHABLE.includes(name);
        const isGone = isUnreachable || MOVED.includes(type);
        if (attempt >= ATTEMPTS_MAX || !(isGone || NOT_YET.includes(type) || NOT_TRIED.includes(type))) throw error;
        logger.debug(`${method} is sent again: ${message}`, { ...what, attempt });
        if (isGone) known.delete(JSON.stringify([what.coordinatorType ?? 0, what.groupId]));
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
        // The broker that is to be asked may be one that nobody knew when the metadata came.
        if (isUnreachable) await cluster.refreshMetadata().catch(() => undefined);
      }
    }
  };

  return (what) => {
    const entry =
      (method: Method): Ask =>
      (payload) =>
        ask(what, method, payload);
    return {
      initProducerId: entry('initProducerId'),
      addPartitionsToTxn: entry('addPartitionsToTxn'),
      addOffsetsToTxn: entry('addOffsetsToTxn'),
      endTxn: entry('endTxn'),
      txnOffsetCommit: entry('txnOffsetCommit'),
    };
  };
}

function described(error: unknown): { readonly name: string; readonly type: string; readonly message: string } {
  if (!(error instanceof Error)) return { name: '', type: '', message: String(error) };
  return { name: error.name, type: 'type' in error ? String(error.type) : '', message: error.message };
}
