import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accountStateSerde } from '../../topologies/account-ledger/account-state.ts';
import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
import { ledgerTopics } from '../../topologies/account-ledger/topics.ts';
import { accountLedger } from '../../topologies/account-ledger/topology.ts';
import { type QueryOutput, runQuery } from '../clickhouse/query-format.ts';
import { openStore, type Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import { EmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { TopicConfig, Watermarks } from '../log/log.ts';
import type { NewRecord, RecordPosition } from '../log/record.ts';
import { maskCardNumbers } from '../privacy/card-numbers.ts';
import { deadLetterTopic } from '../runtime/dead-letter.ts';
import { SinkWorker } from '../runtime/sink/sink-worker.ts';
import { Worker } from '../runtime/worker.ts';
import { currencyExponent } from '../serde/currency.ts';
import { formatMinorUnits } from '../serde/money.ts';
import { fromBinaryString } from '../state/binary-string.ts';
import { type DataDirectory, openDataDirectory } from '../storage/data-directory.ts';
import { type ControlServer, serveControl } from './http/control-server.ts';
import { type Hold, IntakeGate } from './intake-gate.ts';
import type { AppLogger } from './logger.ts';
import type { AccountFigures, HeadraceNode, NodeStatus, StoredRecord } from './node.ts';

/** Group of the ledger's worker; part of the state on disk. */
export const APPLICATION = 'account-ledger';
/** Group of the sink; part of the tokens in ClickHouse. */
export const SINK = 'clickhouse';

export interface LocalNodeOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** IANA name; UTC without it. */
  readonly businessZone?: string | undefined;
  /** Of a new data directory; an existing one keeps what it has. */
  readonly partitions?: number | undefined;
  readonly commitIntervalMs?: number;
  readonly flushIntervalMs?: number;
  /**
   * With it, engine and sink start by themselves when someone wants to see results; told when one of them can't go on.
   */
  readonly onEngineFailure?: (error: unknown) => void;
  /** Called at every named step of log, commit and sink, such as `commit:seal`; for chaos. */
  readonly onStep?: (step: string) => void;
}

/** sql/ stands in the package's root: two folders up from src/app, three from dist/src/app. */
const HERE = new URL('.', import.meta.url);
const ROOT = new URL(HERE.pathname.endsWith('/dist/src/app/') ? '../../../' : '../../', HERE);
const MIGRATIONS = fileURLToPath(new URL('sql/', ROOT));

/** A node that owns its data directory: log, engine and ClickHouse in this process. */
export class LocalNode implements HeadraceNode {
  readonly directory: DataDirectory;
  readonly #options: LocalNodeOptions;
  readonly #log: EmbeddedLog;
  readonly #gate = new IntakeGate();
  #server: ControlServer | undefined;
  #lingerMs = 0;
  #store: Promise<Store> | undefined;
  #fault: HeadraceError | undefined;
  #starting: Promise<void> | undefined;
  #engine: { readonly worker: Worker; readonly sink: SinkWorker; readonly ended: Promise<unknown> } | undefined;

  private constructor(options: LocalNodeOptions, directory: DataDirectory) {
    this.#options = options;
    this.directory = directory;
    const { clock, logger, onStep } = options;
    this.#log = new EmbeddedLog({
      directory,
      clock,
      onMaintenanceError: (error) => logger.warn({ code: error.code }, error.message),
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(`log:${step}`) }),
    });
  }

  /** Throws what openDataDirectory throws: DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_INVALID ... */
  static async open(options: LocalNodeOptions): Promise<LocalNode> {
    const directory = openDataDirectory(options.dataDirectory, { clock: options.clock });
    let node: LocalNode;
    try {
      node = new LocalNode(options, directory);
    } catch (error) {
      await directory.close();
      throw error;
    }
    try {
      await node.#createTopics();
      return node;
    } catch (error) {
      await node.close();
      throw error;
    }
  }

  /** Starts engine and sink; they work until {@link close}. `onFailure` is told when one of them can't go on. */
  start(onFailure: (error: unknown) => void): Promise<void> {
    this.#starting ??= this.#startEngine(onFailure);
    return this.#starting;
  }

  async #startEngine(onFailure: (error: unknown) => void): Promise<void> {
    const { clock, logger, onStep, commitIntervalMs, flushIntervalMs, businessZone } = this.#options;
    const store = await this.#openStore();
    const worker = new Worker({
      log: this.#log,
      topology: accountLedger(businessZone === undefined ? {} : { businessZone }),
      application: APPLICATION,
      clock,
      redact: maskCardNumbers,
      onFault: (error) => {
        this.#fault = error;
        logger.warn({ code: error.code }, `commit aborted, going on: ${error.message}`);
      },
      ...(commitIntervalMs === undefined ? {} : { commitIntervalMs }),
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(`commit:${step}`) }),
    });
    const sink = new SinkWorker({
      log: this.#log,
      target: store.target(ledgerSinkTables),
      sink: SINK,
      clock,
      logger,
      ...(flushIntervalMs === undefined ? {} : { flushIntervalMs }),
      ...(onStep === undefined ? {} : { onStep: (step) => onStep(`sink:${step}`) }),
    });
    const guarded = [worker.run(), sink.run()].map((running) =>
      running.catch((error: unknown) => {
        logger.error({ error }, 'the engine has ended');
        onFailure(error);
      }),
    );
    this.#engine = { worker, sink, ended: Promise.all(guarded) };
  }

  /**
   * Serves this node to other processes of this machine and says where in the data directory. Resolves with the address.
   * For `lingerMs` at most {@link close} waits until they have nothing more to ask. Throws USAGE for a port that is taken.
   */
  async serve(port: number, lingerMs = 0): Promise<string> {
    this.#server = await serveControl(this, port);
    this.#lingerMs = lingerMs;
    this.directory.setAddress(this.#server.address, this.#server.token);
    return this.#server.address;
  }

  append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    return this.#gate.pass(() => this.#log.append(records));
  }

  hold(): Promise<Hold> {
    return this.#gate.hold();
  }

  /** Lets appends go on, whoever holds them. */
  releaseHolds(): void {
    this.#gate.releaseAll();
  }

  topics(): Promise<readonly TopicConfig[]> {
    return this.#log.topics();
  }

  watermarks(topic: string): Promise<readonly Watermarks[]> {
    return this.#log.watermarks(topic);
  }

  async read(topic: string, partition: number, fromOffset: number): Promise<readonly StoredRecord[]> {
    const batch = await this.#log.read(topic, partition, fromOffset);
    if (batch === null) return [];
    return Array.from({ length: batch.length }, (_, index) => ({
      offset: batch.offsetAt(index),
      timestamp: batch.timestampAt(index),
      key: batch.keyAt(index),
      value: batch.valueAt(index),
      headers: batch.headersAt(index),
    }));
  }

  awaitCommit(timeoutMs: number): Promise<void> {
    return this.#log.awaitCommit(timeoutMs);
  }

  async *query(sql: string, output: QueryOutput, isTerminal: boolean): AsyncIterable<Uint8Array> {
    const { clickhouse } = await this.#openStore();
    yield* runQuery(clickhouse, sql, { output, isTerminal });
  }

  async drain(): Promise<void> {
    const { onEngineFailure } = this.#options;
    if (onEngineFailure !== undefined) await this.start(onEngineFailure);
    if (this.#engine === undefined) throw new HeadraceError('NOT_RUNNING', 'The engine was not started');
    const { worker, sink } = this.#engine;
    await worker.idle();
    await sink.drain();
  }

  async accounts(partition: number): Promise<readonly AccountFigures[]> {
    const figures: AccountFigures[] = [];
    for (const [key, value] of this.#log.state(APPLICATION).partition('accounts', partition).range()) {
      const { sequence, balances } = accountStateSerde.deserialize(value);
      const booked = [...balances].map(([code, balance]) => [
        code,
        formatMinorUnits(balance.booked, currencyExponent(code)!),
      ]);
      figures.push({
        accountId: Buffer.from(fromBinaryString(key)).toString(),
        sequence,
        booked: Object.fromEntries(booked),
      });
    }
    return figures;
  }

  async status(): Promise<NodeStatus> {
    const worker = this.#engine?.worker.metrics();
    const sink = this.#engine?.sink.metrics;
    return {
      processed: worker?.processed ?? 0,
      deadLetters: worker?.deadLetters ?? 0,
      commits: worker?.commits ?? 0,
      aborts: worker?.aborts ?? 0,
      lag: worker?.lag ?? 0,
      sinkRows: sink?.rows ?? 0,
      sinkLag: sink?.lag ?? 0,
      sinkError: sink?.lastError,
      fault: this.#fault === undefined ? undefined : { code: this.#fault.code, message: this.#fault.message },
    };
  }

  /** Ends serving, stops engine and sink after the step under way, and gives the data directory up. */
  async close(): Promise<void> {
    await this.#server?.left(this.#lingerMs);
    this.#gate.releaseAll();
    await this.#server?.close();
    const engine = this.#engine;
    engine?.worker.stop();
    engine?.sink.stop();
    await engine?.ended;
    await (await this.#store?.catch(() => undefined))?.close();
    await this.#log.close();
  }

  async #createTopics(): Promise<void> {
    const existing = new Set((await this.#log.topics()).map(({ name }) => name));
    const wanted = ledgerTopics(this.#options.partitions).filter(({ name }) => !existing.has(name));
    const letters = ledgerTopics(this.#options.partitions)
      .slice(0, 2)
      .map((topic) => ({ ...topic, name: deadLetterTopic(topic.name), cleanup: 'delete' as const }))
      .filter(({ name }) => !existing.has(name));
    if (wanted.length + letters.length > 0) await this.#log.createTopics([...wanted, ...letters]);
  }

  #openStore(): Promise<Store> {
    this.#store ??= openStore({
      at: { path: join(this.directory.path, 'clickhouse') },
      migrationsDirectory: MIGRATIONS,
      clock: this.#options.clock,
    });
    return this.#store;
  }
}
