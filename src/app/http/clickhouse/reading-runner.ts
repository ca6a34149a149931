import { readText } from '../../../clickhouse/clickhouse.ts';
import { Slots } from '../../../clickhouse/connection/slots.ts';
import type { Store } from '../../../clickhouse/store.ts';
import type { StatementRunner } from './serve-clickhouse.ts';
import type { AskedStatement } from './statement.ts';

/** Of those who ask over HTTP: one reader stays for the node's own questions. */
const READERS = 3;
const WAITING_MAX = 500;
const WAIT_MAX_MS = 60_000;
const TIME_LIMIT_SECONDS = 60;
const STATEMENT_BYTES_MAX = 1024 * 1024;
/** A result is a stream in most formats; JSON, Parquet and the like stand in memory as a whole. */
const LIMITS = { max_result_rows: 20_000_000, max_result_bytes: 1024 ** 3 };

/** Runs what only reads, with limits on time, rows and memory, a few at a time; the others wait. */
export class ReadingRunner implements StatementRunner {
  readonly bodyBytesMax = STATEMENT_BYTES_MAX;
  readonly #store: () => Promise<Pick<Store, 'clickhouse'>>;
  readonly #slots: Slots;
  #timezone: string | undefined;

  /** `waitingMax` is how many may wait for a reader at a time. */
  constructor(store: () => Promise<Pick<Store, 'clickhouse'>>, waitingMax = WAITING_MAX) {
    this.#store = store;
    this.#slots = new Slots(READERS, { waitingMax, waitMaxMs: WAIT_MAX_MS });
  }

  async timezone(): Promise<string> {
    if (this.#timezone === undefined) {
      const { clickhouse } = await this.#store();
      this.#timezone = (await readText(clickhouse, 'SELECT timezone()', { format: 'TSV' })).trim();
    }
    return this.#timezone;
  }

  async *run(
    asked: AskedStatement,
    signal: AbortSignal,
    onFormat: (format: string) => void,
  ): AsyncIterable<Uint8Array> {
    const { clickhouse } = await this.#store();
    const { database, format, parameters, settings } = asked;
    await this.#slots.acquire(signal);
    try {
      yield* clickhouse.read(asked.text.toString('utf8'), {
        format,
        onFormat,
        signal,
        settings: LIMITS,
        clientSettings: settings,
        escapedParameters: parameters,
        timeLimitSeconds: TIME_LIMIT_SECONDS,
        ...(database === undefined ? {} : { database }),
      });
    } finally {
      this.#slots.release();
    }
  }
}
