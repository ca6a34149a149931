import type { ReconciliationCase } from '../../topologies/reconciliation/events.ts';
import { brokenOff } from '../clickhouse/connection/refusal.ts';
import type { Question } from '../clickhouse/queries/ask.ts';
import type { QueryOutput } from '../clickhouse/query-format.ts';
import { HeadraceError } from '../errors.ts';
import type { TopicConfig, Watermarks } from '../log/log.ts';
import type { NewRecord, RecordPosition } from '../log/record.ts';
import type { ResetReport, ResetRequest } from '../runtime/reset/reset-request.ts';
import type { Snapshot } from './backup/snapshot.ts';
import type { PartitionParking } from './dead-letters/committed-parking.ts';
import { SINK } from './engine.ts';
import type { TopicFormats } from './formats/topic-formats.ts';
import { LEASE_RENEWAL_MS } from './http/hold-leases.ts';
import { rewriteToWire } from './http/rewrite-routes.ts';
import type { SnapshotTaken } from './http/snapshot-routes.ts';
import {
  fromProblem,
  storedFromWire,
  TOKEN_HEADER,
  toWire,
  type WireProblem,
  type WireStoredRecord,
} from './http/wire.ts';
import type { Hold } from './intake-gate.ts';
import type { AccountFigures, HeadraceNode, NodeStatus, StoredRecord } from './node.ts';
import type { Rewrite } from './reconcile/store/rewrite.ts';
import { remoteSnapshot } from './remote-snapshot.ts';
import { type SinkTables, sinkTables } from './sink-tables.ts';
import type { StateAnswer, StateRequest } from './state/state-request.ts';

/** An owner that does not say within this time whether it lets us in is stopped or stuck. */
const VISIT_ANSWER_MAX_MS = 5_000;

const BANK_SINK: SinkTables = { name: SINK, tables: sinkTables };

/** A node in another process of this machine, asked over HTTP. Throws what it throws, and REMOTE_FAILED where it can't be reached. */
export class RemoteNode implements HeadraceNode {
  readonly #address: string;
  readonly #token: string;
  readonly #visit = new AbortController();
  readonly formats: TopicFormats;
  readonly sink: SinkTables;

  constructor(address: string, token: string, formats: TopicFormats, sink: SinkTables = BANK_SINK) {
    this.formats = formats;
    this.sink = sink;
    this.#address = address;
    this.#token = token;
  }

  /**
   * Has the owner stay until {@link close}, if it can: to be called first. Throws NOT_RUNNING where it is about to end,
   * REMOTE_FAILED where it does not answer in time.
   */
  async visit(): Promise<void> {
    const limit = setTimeout(() => this.#visit.abort(), VISIT_ANSWER_MAX_MS);
    try {
      await this.#fetch('visit', { signal: this.#visit.signal });
    } finally {
      clearTimeout(limit);
    }
  }

  async append(records: readonly NewRecord[]): Promise<readonly RecordPosition[]> {
    return (await this.#post<{ positions: readonly RecordPosition[] }>('append', { records: records.map(toWire) }))
      .positions;
  }

  async topics(): Promise<readonly TopicConfig[]> {
    return (await this.#get<{ topics: readonly TopicConfig[] }>('topics')).topics;
  }

  async recordCount(topic: string, from?: readonly number[]): Promise<number> {
    const query = from === undefined ? '' : `?from=${from.join()}`;
    return (await this.#get<{ count: number }>(`record-count/${encodeURIComponent(topic)}${query}`)).count;
  }

  async watermarks(topic: string): Promise<readonly Watermarks[]> {
    return (await this.#get<{ watermarks: readonly Watermarks[] }>(`watermarks/${encodeURIComponent(topic)}`))
      .watermarks;
  }

  async read(topic: string, partition: number, fromOffset: number): Promise<readonly StoredRecord[]> {
    const query = new URLSearchParams({ topic, partition: String(partition), offset: String(fromOffset) });
    const { records } = await this.#get<{ records: readonly WireStoredRecord[] }>(`records?${query}`);
    return records.map(storedFromWire);
  }

  async awaitCommit(timeoutMs: number): Promise<void> {
    await this.#get(`commit?timeoutMs=${timeoutMs}`);
  }

  async *query(
    query: string | Question,
    output: QueryOutput,
    isTerminal: boolean,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const response = await this.#fetch('query', {
      method: 'POST',
      body: JSON.stringify({ query, output, isTerminal }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw signal?.aborted === true ? brokenOff() : error;
    });
    try {
      for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
    } catch (cause) {
      throw new HeadraceError('QUERY_FAILED', 'The result broke off; its end is missing', { cause, retriable: true });
    }
  }

  /** Kept up by renewals: were this process to die, the other would let appends go on by itself. */
  async hold(): Promise<Hold> {
    const { id } = await this.#post<{ id: string }>('holds', {});
    let lost: unknown;
    const renewal = setInterval(() => {
      this.#fetch(`holds/${id}`, { method: 'PUT' }).catch((error: unknown) => {
        lost ??= error;
      });
    }, LEASE_RENEWAL_MS);
    return {
      release: async () => {
        clearInterval(renewal);
        if (lost !== undefined) throw lost;
        await this.#fetch(`holds/${id}`, { method: 'DELETE' });
      },
    };
  }

  async drain(): Promise<void> {
    while (!(await this.#post<{ readonly isDone: boolean }>('drain', {})).isDone);
  }

  async accounts(partition: number): Promise<readonly AccountFigures[]> {
    return (await this.#get<{ accounts: readonly AccountFigures[] }>(`accounts/${partition}`)).accounts;
  }

  async cases(partition: number): Promise<readonly ReconciliationCase[]> {
    return (await this.#get<{ cases: readonly ReconciliationCase[] }>(`cases/${partition}`)).cases;
  }

  async findCase(caseId: string): Promise<ReconciliationCase | undefined> {
    const query = new URLSearchParams({ id: caseId });
    return (await this.#get<{ case?: ReconciliationCase }>(`case?${query}`)).case;
  }

  async parked(): Promise<readonly PartitionParking[]> {
    return (await this.#get<{ parked: readonly PartitionParking[] }>('parked')).parked;
  }

  async state(request: StateRequest): Promise<StateAnswer> {
    return (await this.#post<{ answer: StateAnswer }>('state', request)).answer;
  }

  async status(): Promise<NodeStatus> {
    return (await this.#get<{ status: NodeStatus }>('status')).status;
  }

  async snapshot(): Promise<Snapshot> {
    const taken = await this.#post<SnapshotTaken>('snapshots', {});
    const path = `snapshots/${taken.id}`;
    return remoteSnapshot(taken, {
      begun: async () => (await this.#post<{ readonly heldMs: number }>(`${path}/begun`, {})).heldMs,
      renew: async () => void (await this.#fetch(path, { method: 'PUT' })),
      release: async () => void (await this.#fetch(path, { method: 'DELETE' })),
    });
  }

  async rewrite(change: Rewrite): Promise<void> {
    await this.#post('rewrites', rewriteToWire(change));
  }

  async reset(request: ResetRequest): Promise<ResetReport> {
    return (await this.#post<{ report: ResetReport }>('reset', request)).report;
  }

  async close(): Promise<void> {
    this.#visit.abort();
  }

  async #get<T>(path: string): Promise<T> {
    return (await this.#fetch(path, {})).json() as Promise<T>;
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    return (await this.#fetch(path, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<T>;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      [TOKEN_HEADER]: this.#token,
      ...(init.body == null ? {} : { 'content-type': 'application/json' }),
    };
    let response: Response;
    try {
      response = await fetch(`${this.#address}/control/${path}`, { ...init, headers });
    } catch (cause) {
      throw new HeadraceError(
        'REMOTE_FAILED',
        `The process that owns the data directory does not answer at ${this.#address}`,
        { cause, retriable: true },
      );
    }
    if (response.ok) return response;
    throw fromProblem((await response.json()) as WireProblem);
  }
}
