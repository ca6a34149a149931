import { readRows } from '../../clickhouse/clickhouse.ts';
import { askRows } from '../../clickhouse/queries/ask.ts';
import type { Store } from '../../clickhouse/store.ts';
import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { NewRecord, RecordPosition } from '../../log/record.ts';
import type { NodeStatus } from '../node.ts';
import type { NodeState } from '../state/node-state.ts';
import type { ApiBackend } from './api/api-backend.ts';

/** Seconds that a query for one answer may take. */
const QUERY_MAX_SECONDS = 10;
/** Rows of an answer to a named query: it is held in memory. */
const ANSWER_ROWS = { max_result_rows: 10_000, result_overflow_mode: 'throw' };

export interface NodeBackendOptions {
  readonly log: Pick<Log, 'watermarks' | 'read' | 'committedOffsets' | 'awaitCommit'>;
  readonly state: NodeState;
  readonly append: (records: readonly NewRecord[], holdWaitMaxMs: number) => Promise<readonly RecordPosition[]>;
  readonly store: () => Promise<Store>;
  readonly decode: ApiBackend['decode'];
  readonly status: () => Promise<NodeStatus>;
  readonly isEngineRunning: () => boolean;
}

/** The ways of a node that owns its data directory, for the public API. */
export function nodeBackend({
  log,
  state,
  append,
  store,
  decode,
  status,
  isEngineRunning,
}: NodeBackendOptions): ApiBackend {
  const clickhouse = async () => {
    if (!isEngineRunning()) throw new HeadraceError('NOT_RUNNING', 'The engine does not run yet');
    return (await store()).clickhouse;
  };
  return {
    append,
    decode,
    status,
    get isEngineRunning() {
      return isEngineRunning();
    },
    watermarks: (topic) => log.watermarks(topic),
    readBatch: (topic, partition, fromOffset) => log.read(topic, partition, fromOffset),
    committedOffsets: (group) => log.committedOffsets(group),
    awaitCommit: (timeoutMs) => log.awaitCommit(timeoutMs),
    stateValue: (group, name, partition, key) => state.value(group, name, partition, key),
    cases: (partition) => state.cases(partition),
    findCase: (caseId) => state.findCase(caseId),
    async rows<T>(sql: string, parameters: Parameters<ApiBackend['rows']>[1]) {
      return readRows<T>(await clickhouse(), sql, { parameters, timeLimitSeconds: QUERY_MAX_SECONDS });
    },
    async ask(name, parameters, signal) {
      const options = {
        settings: ANSWER_ROWS,
        timeLimitSeconds: QUERY_MAX_SECONDS,
        ...(signal === undefined ? {} : { signal }),
      };
      return askRows(await clickhouse(), { name, parameters }, options);
    },
  };
}
