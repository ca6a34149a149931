import { refusal } from '../../../clickhouse/connection/refusal.ts';
import { UnguardedSessions } from '../../../clickhouse/connection/unguarded-sessions.ts';
import type { Store } from '../../../clickhouse/store.ts';
import { ReadingRunner } from './reading-runner.ts';
import type { StatementRunner } from './serve-clickhouse.ts';
import { type AskedStatement, engineSettings } from './statement.ts';

const SESSIONS = 6;
/** Rows of an INSERT stand in memory until they are in a file. */
const STATEMENT_BYTES_MAX = 1024 ** 3;

/** Runs everything that is posted; what is asked by GET may only read, as at ClickHouse. */
export class WritingRunner implements StatementRunner {
  readonly bodyBytesMax = STATEMENT_BYTES_MAX;
  readonly #reading: ReadingRunner;
  readonly #sessions: UnguardedSessions;
  readonly #queryIds = new Set<string>();

  /** `path` is where the store has its data. */
  constructor(store: Pick<Store, 'clickhouse'>, path: string) {
    this.#reading = new ReadingRunner(() => Promise.resolve(store));
    this.#sessions = new UnguardedSessions(path, SESSIONS);
  }

  timezone(): Promise<string> {
    return this.#reading.timezone();
  }

  async *run(
    asked: AskedStatement,
    signal: AbortSignal,
    onFormat: (format: string) => void,
  ): AsyncIterable<Uint8Array> {
    if (asked.isReadOnly) {
      yield* this.#reading.run(asked, signal, onFormat);
      return;
    }
    const { queryId, parameters } = asked;
    // By it one who sends an insert again knows that the first is not under way any more.
    if (this.#queryIds.has(queryId)) {
      throw refusal('QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING', `Query with id = ${queryId} is already running`, {
        retriable: true,
      });
    }
    this.#queryIds.add(queryId);
    try {
      const values = Object.entries(parameters).map(([name, value]) => [`param_${name}`, value] as const);
      const { readonly, ...settings } = engineSettings(asked.settings);
      const all = { ...settings, ...Object.fromEntries(values), ...(readonly === undefined ? {} : { readonly }) };
      yield* this.#sessions.run({ ...asked, settings: all }, signal, onFormat);
    } finally {
      this.#queryIds.delete(queryId);
    }
  }

  close(): void {
    this.#sessions.close();
  }
}
