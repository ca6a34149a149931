import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServeApiOptions } from '../../../../src/app/http/serve-node.ts';
import { LocalNode, type LocalNodeOptions } from '../../../../src/app/local-node.ts';
import { silentLogger } from '../../../../src/app/logger.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test says of an answer is its own.
  readonly body: any;
  readonly text: string;
}

export interface ApiUnderTest {
  readonly node: LocalNode;
  readonly address: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  /** What is no text becomes JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface ApiTestOptions extends ServeApiOptions {
  readonly dataDirectory: string;
  /** Whether engine and sink run; they do without it. */
  readonly runsEngine?: boolean;
  readonly node?: Partial<LocalNodeOptions>;
}

/** A place for data directories that is removed by the test. */
export function dataPlace(): { readonly path: string; data(name?: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'headrace-api-'));
  return {
    path,
    data: (name = 'data') => join(path, name),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export async function openApi(options: ApiTestOptions): Promise<ApiUnderTest> {
  const { dataDirectory, runsEngine = true, node: nodeOptions = {}, ...serving } = options;
  const node = await LocalNode.open({
    dataDirectory,
    clock: Date.now,
    logger: silentLogger,
    partitions: 2,
    commitIntervalMs: 10,
    flushIntervalMs: 50,
    ...nodeOptions,
  });
  try {
    if (runsEngine) {
      await node.start((error) => {
        throw error;
      });
    }
    const address = await node.serveApi(0, serving);
    return { node, address, ...callsTo(address), close: () => node.close() };
  } catch (error) {
    await node.close();
    throw error;
  }
}

export function callsTo(address: string): Pick<ApiUnderTest, 'get' | 'post'> {
  const call = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(`${address}${path}`, init);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };
  return {
    get: (path, headers = {}) => call(path, { headers }),
    post: (path, body, headers = {}) =>
      call(path, {
        method: 'POST',
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
  };
}

/** A transaction as it comes in. */
export function payment(accountId: string, transactionId: string, change: Record<string, unknown> = {}) {
  return {
    transactionId,
    accountId,
    direction: 'credit',
    amount: '10.00',
    currency: 'EUR',
    occurredAt: '2026-01-01T00:00:00Z',
    kind: 'posting',
    ...change,
  };
}
