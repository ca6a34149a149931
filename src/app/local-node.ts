import { join } from 'node:path';
import { TOPICS } from '../../topologies/account-ledger/topics.ts';
import type { ReconciliationCase } from '../../topologies/reconciliation/events.ts';
import { type QueryOutput, runQuery } from '../clickhouse/query-format.ts';
import { openStore, type Store } from '../clickhouse/store.ts';
import type { Clock } from '../clock.ts';
import { HeadraceError } from '../errors.ts';
import type { Log, TopicConfig, Watermarks } from '../log/log.ts';
import type { NewRecord, RecordPosition } from '../log/record.ts';
import { resetApplication } from '../runtime/reset/reset.ts';
import type { ResetReport, ResetRequest } from '../runtime/reset/reset-request.ts';
import { type DataDirectory, openDataDirectory } from '../storage/data-directory.ts';
import { planJsonOf } from '../streams/topology/plan-json.ts';
import { committedAccounts, committedCase, committedCases } from './committed-books.ts';
import { committedParkings, type PartitionParking } from './dead-letters/committed-parking.ts';
import { Engine } from './engine.ts';
import { Faults } from './faults.ts';
import { type OpenTopicFormats, openTopicFormats } from './formats/open-topic-formats.ts';
import type { ValueFormat } from './formats/topic-formats.ts';
import { IDEMPOTENCY_TOPIC } from './http/api/idempotency-keys.ts';
import { type ControlServer, serveControl } from './http/control-server.ts';
import { nodeBackend } from './http/node-backend.ts';
import { type NodeServer, type ServeApiOptions, serveNode } from './http/serve-node.ts';
import { type Hold, IntakeGate } from './intake-gate.ts';
import type { AppLogger } from './logger.ts';
import { MIGRATIONS } from './migrations.ts';
import { type AccountFigures, type HeadraceNode, type NodeStatus, notStarted, type StoredRecord } from './node.ts';
import { openLog } from './open-log.ts';
import { RecordCounter } from './record-counter.ts';
import { Restores } from './restores.ts';
import { answerState, type StateAnswer, type StateRequest } from './state/answer-state.ts';
import { systemsOf, topicsOf } from './systems.ts';
import { packageVersion } from './version.ts';

export interface LocalNodeOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly logger: AppLogger;
  /** Brokers of Apache Kafka, HOST:PORT[,...]; without it the log is in the data directory. */
  readonly kafka?: string | undefined;
  /** Whether it only looks at the log: topics that are missing stay so. */
  readonly readsLogOnly?: boolean | undefined;
  readonly readBytesMax?: number | undefined;
  /** On Kafka: copies of each partition's state that are kept on other instances. */
  readonly standbys?: number | undefined;
  /** IANA name; UTC without it. */
  readonly businessZone?: string | undefined;
  /** Of a new data directory; an existing one keeps what it has. */
  readonly partitions?: number | undefined;
  /** How long a terminal may take to say how a dispense went, milliseconds (60,000). */
  readonly answerWithinMs?: number | undefined;
  /** Goes on with topologies that lose state of those before them, see StoredPlan. */
  readonly allowTopologyChange?: boolean | undefined;
  /** Later records of a key wait behind its dead letter, at most so many keys of a partition; without it none do. */
  readonly parkKeysMax?: number | undefined;
  /** How values are written: Avro unless told. Both are read. */
  readonly valueFormat?: ValueFormat | undefined;
  /** Of a schema registry with Confluent's REST API, in place of the one in schemas/. */
  readonly schemaRegistry?: string | undefined;
  readonly commitIntervalMs?: number;
  readonly flushIntervalMs?: number;
  /**
   * With it, engine and sink start by themselves when someone wants to see results; told when one of them can't go on.
   */
  readonly onEngineFailure?: (error: unknown) => void;
  /** Called at every named step of log, commit and sink, such as `commit:seal`; for chaos. */
  readonly onStep?: (step: string) => void;
}

/** A node that owns its data directory: log, engine and ClickHouse in this process. */
export class LocalNode implements HeadraceNode {
  readonly directory: DataDirectory;
  readonly formats: OpenTopicFormats;
  readonly #options: LocalNodeOptions;
  readonly #log: Log;
  readonly #counter: RecordCounter;
  readonly #gate = new IntakeGate();
  readonly #faults = new Faults();
  readonly #restores: Restores;
  #server: ControlServer | NodeServer | undefined;
  #lingerMs = 0;
  #store: Promise<Store> | undefined;
  #starting: Promise<void> | undefined;
  #engine: Engine | undefined;

  private constructor(options: LocalNodeOptions, directory: DataDirectory, formats: OpenTopicFormats) {
    this.#options = options;
    this.formats = formats;
    this.directory = directory;
    this.#restores = new Restores(options.clock, options.logger);
    this.#log = openLog({ ...options, directory, faults: this.#faults, restores: this.#restores });
    this.#counter = new RecordCounter(this.#log);
  }

  /**
   * Throws what openDataDirectory throws: DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_INVALID ...; and
   * SCHEMA_UNAVAILABLE where the schema registry does not answer.
   */
  static async open(options: LocalNodeOptions): Promise<LocalNode> {
    const { clock, valueFormat = 'avro', schemaRegistry } = options;
    const registry = schemaRegistry === undefined ? {} : { registryUrl: schemaRegistry };
    const formats = await openTopicFormats({ format: valueFormat, clock, ...registry });
    let directory: DataDirectory | undefined;
    let node: LocalNode;
    try {
      directory = openDataDirectory(options.dataDirectory, { clock });
      node = new LocalNode(options, directory, formats);
    } catch (error) {
      formats.close();
      await directory?.close();
      throw error;
    }
    try {
      if (options.readsLogOnly !== true) await node.#createTopics();
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
    const { clock, logger, onStep, commitIntervalMs, flushIntervalMs, allowTopologyChange } = this.#options;
    this.#engine = new Engine({
      log: this.#log,
      systems: systemsOf({ ...this.#options, valueSerde: this.formats.valueSerde }),
      decodeValue: this.formats.decodeValue,
      partitions: await this.#partitionCount(),
      store: await this.#openStore(),
      clock,
      logger,
      faults: this.#faults,
      append: (records) => this.append(records),
      commitIntervalMs,
      flushIntervalMs,
      parkKeysMax: this.#options.parkKeysMax,
      allowTopologyChange,
      onStep,
      onFailure,
    });
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

  /** Serves the public API beside it, see serveNode. Resolves with the API's address. */
  async serveApi(port: number, options: ServeApiOptions = {}): Promise<string> {
    const { clock, logger } = this.#options;
    const backend = nodeBackend({
      log: this.#log,
      append: (records, holdWaitMaxMs) => this.#gate.pass(() => this.#log.append(records), holdWaitMaxMs),
      store: () => this.#openStore(),
      decode: this.formats.decodeValue,
      status: () => this.status(),
      isEngineRunning: () => this.#engine !== undefined,
    });
    const server = await serveNode({ ...options, node: this, backend, port, clock, logger, version: packageVersion() });
    this.#server = server;
    this.directory.setAddress(server.address, server.token);
    return server.apiAddress;
  }

  /** The public API takes nothing in any more; resolves when the requests under way have been answered. */
  async endIntake(): Promise<void> {
    if (this.#server !== undefined && 'endIntake' in this.#server) await this.#server.endIntake();
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

  recordCount(topic: string, from?: readonly number[]): Promise<number> {
    return this.#counter.count(topic, from);
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
    await this.#engine.drain();
  }

  async accounts(partition: number): Promise<readonly AccountFigures[]> {
    return committedAccounts(this.#log, partition);
  }

  async cases(partition: number): Promise<readonly ReconciliationCase[]> {
    return committedCases(this.#log, partition);
  }

  async findCase(caseId: string): Promise<ReconciliationCase | undefined> {
    return committedCase(this.#log, await this.#partitionCount(), caseId);
  }

  parked(): Promise<readonly PartitionParking[]> {
    return committedParkings(this.#log, systemsOf({}));
  }

  state(request: StateRequest): Promise<StateAnswer> {
    return answerState(this.#log, systemsOf({ ...this.#options, valueSerde: this.formats.valueSerde }), request);
  }

  async status(): Promise<NodeStatus> {
    const { last, counts } = this.#faults;
    const fault = last === undefined ? undefined : { code: last.code, message: last.message };
    return { ...(this.#engine?.status() ?? notStarted), fault, faults: counts, restores: this.#restores.figures };
  }

  async reset(request: ResetRequest): Promise<ResetReport> {
    const plans = systemsOf({}).map(({ application, topology }) => [application, planJsonOf(topology.plan)] as const);
    return resetApplication(this.#log, new Map(plans), request);
  }

  /** Ends serving, stops engine and sink after the step under way, and gives the data directory up. */
  async close(): Promise<void> {
    await this.#server?.left(this.#lingerMs);
    this.#gate.releaseAll();
    await this.#server?.close();
    await this.#engine?.close();
    await (await this.#store?.catch(() => undefined))?.close();
    await this.#log.close();
    this.formats.close();
  }

  /** Those that are missing, also after an update of Headrace, with as many partitions as there are. */
  async #createTopics(): Promise<void> {
    const existing = await this.#log.topics();
    const partitions = existing.find(({ name }) => name === TOPICS.transactions)?.partitions;
    const known = new Set(existing.map(({ name }) => name));
    const wanted = [...topicsOf(partitions ?? this.#options.partitions), IDEMPOTENCY_TOPIC];
    const missing = wanted.filter(({ name }) => !known.has(name));
    if (missing.length > 0) await this.#log.createTopics(missing);
  }

  async #partitionCount(): Promise<number> {
    return (await this.#log.watermarks(TOPICS.transactions)).length;
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
