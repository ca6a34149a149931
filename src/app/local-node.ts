import type { ReconciliationCase } from '../../topologies/reconciliation/events.ts';
import type { Question } from '../clickhouse/queries/ask.ts';
import { type QueryOutput, runQuery } from '../clickhouse/query-format.ts';
import type { Store } from '../clickhouse/store.ts';
import { HeadraceError } from '../errors.ts';
import type { Log, TopicConfig, Watermarks } from '../log/log.ts';
import type { NewRecord, RecordPosition } from '../log/record.ts';
import type { ResetReport, ResetRequest } from '../runtime/reset/reset-request.ts';
import type { SinkTarget } from '../runtime/sink/sink-target.ts';
import { type DataDirectory, openDataDirectory } from '../storage/data-directory.ts';
import { type Snapshot, Snapshots } from './backup/snapshot.ts';
import type { PartitionParking } from './dead-letters/committed-parking.ts';
import { Engine } from './engine.ts';
import { Faults } from './faults.ts';
import { formatsOf } from './formats/formats-of.ts';
import type { OpenTopicFormats } from './formats/open-topic-formats.ts';
import { sinkGroups, startGenericSinks } from './generic-sink/start-generic-sinks.ts';
import { advertisedAddress } from './http/advertised.ts';
import { type ControlServer, serveControl } from './http/control-server.ts';
import { nodeBackend } from './http/node-backend.ts';
import { type NodeServer, type ServeApiOptions, serveNode } from './http/serve-node.ts';
import { HttpStateExchange } from './http/state-exchange.ts';
import { questionsOf } from './http/state-routes.ts';
import { type Hold, IntakeGate } from './intake-gate.ts';
import type { LocalNodeOptions } from './local-node-options.ts';
import {
  type AccountFigures,
  type HeadraceNode,
  type NodeStatus,
  notStarted,
  type StoredRecord,
  storedRecords,
} from './node.ts';
import { openNodeStore } from './open-clickhouse.ts';
import { openLog } from './open-log.ts';
import { type Rewrite, rewrite } from './reconcile/store/rewrite.ts';
import { RecordCounter } from './record-counter.ts';
import { requireAlone } from './require-alone.ts';
import { resetIn } from './reset-in.ts';
import { Restores, sumOfRestores } from './restores.ts';
import type { SinkTables } from './sink-tables.ts';
import { NodeState } from './state/node-state.ts';
import type { StateAnswer, StateRequest } from './state/state-request.ts';
import { type StatePlace, startThreads } from './threads/start-threads.ts';
import { packageVersion } from './version.ts';
import { type Workload, workloadIn } from './workloads.ts';

export type { LocalNodeOptions } from './local-node-options.ts';

/** A node that owns its data directory: log, engine and ClickHouse in this process. */
export class LocalNode implements HeadraceNode {
  readonly directory: DataDirectory;
  readonly formats: OpenTopicFormats;
  readonly sink: SinkTables;
  readonly #options: LocalNodeOptions;
  readonly #log: Log;
  readonly #counter: RecordCounter;
  readonly #workload: Workload;
  readonly #state: NodeState;
  readonly #exchange: HttpStateExchange;
  readonly #gate = new IntakeGate();
  readonly #faults = new Faults();
  readonly #restores: Restores;
  readonly #snapshots: Snapshots;
  #server: ControlServer | NodeServer | undefined;
  #statePlace: StatePlace | undefined;
  #lingerMs = 0;
  #store: Promise<Store> | undefined;
  #starting: Promise<void> | undefined;
  #engine: Engine | undefined;

  private constructor(options: LocalNodeOptions, directory: DataDirectory, formats: OpenTopicFormats) {
    this.#options = options;
    this.formats = formats;
    this.directory = directory;
    this.#exchange = HttpStateExchange.ofProcess(process.env);
    this.#restores = new Restores(options.clock, options.logger);
    this.#snapshots = new Snapshots({ directory, store: () => this.store(), clock: options.clock });
    for (const { to, what } of directory.upgrades)
      options.logger.info({ format: to }, `data directory upgraded: ${what}`);
    this.#workload = workloadIn(directory, options, formats);
    this.sink = { name: this.#workload.sink, tables: this.#workload.tables };
    const [exchange, restores] = [this.#exchange, this.#restores];
    const onFault = (error: HeadraceError) => this.#faults.note('log', error);
    this.#log = openLog({ ...options, directory, exchange, restores, onFault });
    this.#counter = new RecordCounter(this.#log);
    this.#state = new NodeState(this.#log, this.#workload.systems);
  }

  /**
   * Throws what openDataDirectory throws: DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_NEWER, DATA_DIRECTORY_INVALID ...; and
   * SCHEMA_UNAVAILABLE where the schema registry does not answer.
   */
  static async open(options: LocalNodeOptions): Promise<LocalNode> {
    const formats = await formatsOf(options);
    const { clock } = options;
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
      if (options.readsLogOnly !== true) await node.#workload.createTopics(node.#log, options.partitions);
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
    const shared = {
      log: this.#log,
      append: (records: readonly NewRecord[]) => this.append(records),
      onFault: (source: string, error: HeadraceError) => this.#faults.note(source, error),
      onFailure,
    };
    const { systems, tables, sink, values } = this.#workload;
    const store = tables.length === 0 ? undefined : await this.store();
    const place = { directory: this.directory.path, statePlace: this.#statePlace };
    const threads = await startThreads({ ...shared, ...place, node: this.#options, systems });
    const heldBack = (target: SinkTarget) => this.#snapshots.heldBack(target);
    const target = store === undefined ? undefined : heldBack(store.target(tables, values));
    const [node, workload] = [this.#options, this.#workload];
    const generic = { ...shared, node, workload, heldBack, store: () => this.store() };
    const genericSinks = await startGenericSinks(generic);
    this.#engine = new Engine({ ...node, ...shared, systems, target, sink, threads, genericSinks });
  }

  /**
   * Serves this node to other processes of this machine and says where in the data directory. Resolves with the address.
   * For `lingerMs` at most {@link close} waits until they have nothing more to ask. Throws USAGE for a port that is taken.
   */
  async serve(port: number, lingerMs = 0, hasOperationPages = false): Promise<string> {
    const questions = questionsOf(this.#log, this.#exchange);
    this.#server = await serveControl(this, port, { questions, hasOperationPages });
    this.#serveStateAt({ address: this.#server.address });
    this.#lingerMs = lingerMs;
    this.directory.setAddress(this.#server.address, this.#server.token);
    return this.#server.address;
  }

  /** Serves the public API beside it, see serveNode. Resolves with the API's address. */
  async serveApi(port: number, options: ServeApiOptions = {}): Promise<string> {
    const { clock, logger } = this.#options;
    const backend = nodeBackend({
      log: this.#log,
      state: this.#state,
      append: (records, holdWaitMaxMs) => this.#gate.pass(() => this.#log.append(records), holdWaitMaxMs),
      store: () => this.store(),
      decode: this.formats.decodeValue,
      status: () => this.status(),
      isEngineRunning: () => this.#engine !== undefined,
    });
    const questions = questionsOf(this.#log, this.#exchange);
    const served = { ...options, node: this, backend, questions, port, clock, logger };
    const server = await serveNode({ ...served, version: packageVersion() });
    this.#server = server;
    const { host, tls, advertise } = options;
    this.#serveStateAt({ address: advertisedAddress(server.apiAddress, host, advertise), host, tls });
    this.directory.setAddress(server.address, server.token);
    return server.apiAddress;
  }

  #serveStateAt(place: StatePlace): void {
    this.#statePlace = place;
    this.#exchange.serveAt(place.address);
  }

  /** The public API takes nothing in any more; resolves when the requests under way have been answered. */
  async endIntake(): Promise<void> {
    if (this.#server !== undefined && 'endIntake' in this.#server) await this.#server.endIntake();
  }

  append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    return this.#gate.pass(() => this.#log.append(records));
  }

  async hold(): Promise<Hold> {
    await requireAlone(this.#log, [
      ...this.#workload.systems.map(({ application }) => application),
      ...sinkGroups(this.#options, this.#workload),
    ]);
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
    return batch === null ? [] : storedRecords(batch);
  }

  awaitCommit(timeoutMs: number): Promise<void> {
    return this.#log.awaitCommit(timeoutMs);
  }

  async *query(
    query: string | Question,
    output: QueryOutput,
    isTerminal: boolean,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const { clickhouse } = await this.store();
    yield* runQuery(clickhouse, query, { output, isTerminal, ...(signal === undefined ? {} : { signal }) });
  }

  async drain(): Promise<void> {
    const { onEngineFailure } = this.#options;
    if (onEngineFailure !== undefined) await this.start(onEngineFailure);
    if (this.#engine === undefined) throw new HeadraceError('NOT_RUNNING', 'The engine was not started');
    await this.#engine.drain();
  }

  accounts(partition: number): Promise<readonly AccountFigures[]> {
    return this.#state.accounts(partition);
  }

  cases(partition: number): Promise<readonly ReconciliationCase[]> {
    return this.#state.cases(partition);
  }

  findCase(caseId: string): Promise<ReconciliationCase | undefined> {
    return this.#state.findCase(caseId);
  }

  parked(): Promise<readonly PartitionParking[]> {
    return this.#state.parked();
  }

  state(request: StateRequest): Promise<StateAnswer> {
    return this.#state.answer(request);
  }

  async status(): Promise<NodeStatus> {
    const status = this.#engine?.status() ?? notStarted;
    const restores = sumOfRestores(this.#restores.figures, status.restores ?? []);
    return { ...status, ...this.#faults.figures, restores };
  }

  snapshot(): Promise<Snapshot> {
    return this.#snapshots.take();
  }

  async rewrite(change: Rewrite): Promise<void> {
    return rewrite((await this.store()).clickhouse, this.#workload.tables, change);
  }

  reset(request: ResetRequest): Promise<ResetReport> {
    return resetIn(this.#log, this.#workload, request);
  }

  /** Ends serving, stops engine and sink after the step under way, and gives the data directory up. */
  async close(): Promise<void> {
    await this.#server?.left(this.#lingerMs);
    this.#gate.releaseAll();
    await this.#server?.close();
    // Before the engine, whose sink may be held.
    await this.#snapshots.close();
    await this.#engine?.close();
    await (await this.#store?.catch(() => undefined))?.close();
    await this.#log.close();
    this.formats.close();
  }

  /** ClickHouse, opened by the first who asks for it. Rejects as openStore does. */
  store(): Promise<Store> {
    this.#store ??= openNodeStore(this.directory.path, this.#workload.migrations, this.#options);
    return this.#store;
  }
}
