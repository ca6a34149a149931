import { setTimeout as sleep } from 'node:timers/promises';
import autocannon, { type PlannedRequest, type Result } from 'autocannon';
import { type Found, findAll, statusOf, type Taken } from './find-all.ts';
import { ServedProcess } from './served-process.ts';

export interface LoadOptions {
  readonly dataDirectory: string;
  readonly seconds: number;
  readonly connections: number;
  /** Items of one request; 1 sends no array. */
  readonly batch: number;
  readonly kills: number;
  /** Options of `headrace start`. */
  readonly serverArgs?: readonly string[];
}

export interface LoadReport extends Found {
  /** Transactions acknowledged with 202, in all and a second of the run (with the time that a restart took). */
  readonly accepted: number;
  readonly acceptedPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Status to number of requests. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Connections that broke off, as they do with a kill. */
  readonly brokenConnections: number;
  readonly kills: number;
  /** Looked up right after the last restart, before ClickHouse has caught up: must all be posted or refused. */
  readonly lookedUpAtOnce: Readonly<Record<string, number>>;
}

const ACCOUNTS = 500;
const AT_ONCE = 100;
const AT_ONCE_WAIT_MS = 10_000;

/** POST /transactions under load against a process of its own, killed meanwhile as often as told; then looks for every 202. */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const { dataDirectory, seconds, kills, serverArgs = [] } = options;
  const served = await ServedProcess.start(dataDirectory, serverArgs);
  try {
    const load = new Load(options);
    const killing = killRepeatedly(served, seconds, kills);
    const result = await load.run(served.address);
    await killing;
    const lookedUpAtOnce: Record<string, number> = {};
    for (const each of load.taken.slice(-AT_ONCE)) {
      const status = await statusOf(served.address, each, AT_ONCE_WAIT_MS);
      lookedUpAtOnce[status] = (lookedUpAtOnce[status] ?? 0) + 1;
    }
    const found = await findAll(served.address, load.taken);
    return {
      ...found,
      accepted: load.taken.length,
      acceptedPerSecond: Math.round(load.taken.length / seconds),
      p50: result.latency.p50,
      p99: result.latency.p99,
      statuses: load.statuses,
      brokenConnections: result.errors,
      kills,
      lookedUpAtOnce,
    };
  } finally {
    await served.stop();
  }
}

async function killRepeatedly(served: ServedProcess, seconds: number, kills: number): Promise<void> {
  for (let kill = 1; kill <= kills; kill++) {
    await sleep((seconds * 1_000) / (kills + 1));
    await served.kill();
    await served.start();
  }
}

/** What is sent, and what is acknowledged. */
class Load {
  readonly taken: Taken[] = [];
  readonly statuses: Record<string, number> = {};
  readonly #options: LoadOptions;
  #next = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  run(address: string): Promise<Result> {
    const { connections, seconds } = this.#options;
    const request = {
      method: 'POST',
      path: '/transactions',
      headers: { 'content-type': 'application/json' },
      setupRequest: (planned: PlannedRequest) => ({ ...planned, body: this.#body() }),
      onResponse: (status: number, body: string) => this.#note(status, body),
    };
    return autocannon({ url: address, connections, duration: seconds, timeout: seconds + 30, requests: [request] });
  }

  #body(): string {
    const { batch } = this.#options;
    if (batch === 1) return JSON.stringify(this.#transaction());
    return JSON.stringify(Array.from({ length: batch }, () => this.#transaction()));
  }

  #transaction() {
    const number = this.#next++;
    return {
      transactionId: `load-${number}`,
      accountId: `account-${number % ACCOUNTS}`,
      // A few of them the ledger refuses, for those must be found, too.
      direction: number % 50 === 49 ? 'debit' : 'credit',
      amount: number % 50 === 49 ? '100000000.00' : '12.50',
      currency: 'EUR',
      occurredAt: '2026-01-31T12:00:00Z',
      kind: 'request',
      description: 'a transaction under load',
    };
  }

  #note(status: number, body: string): void {
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (status !== 202) return;
    const answer = JSON.parse(body) as Taken & { readonly results?: readonly Taken[] };
    for (const { accountId, transactionId } of answer.results ?? [answer])
      this.taken.push({ accountId, transactionId });
  }
}
