import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { LocalNode, type LocalNodeOptions } from '../../src/app/local-node.ts';
import { silentLogger } from '../../src/app/logger.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { NewRecord } from '../../src/log/record.ts';

export const PARTITIONS = 2;

/** A data directory that goes when the test has ended. */
export function temporaryData(): string {
  const path = mkdtempSync(join(tmpdir(), 'headrace-node-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return join(path, 'data');
}

/** A node of its own; engine and ClickHouse run once something is drained. */
export async function openTemporaryNode(
  dataDirectory = temporaryData(),
  options: Partial<LocalNodeOptions> = {},
): Promise<LocalNode> {
  const node = await LocalNode.open({
    dataDirectory,
    clock: Date.now,
    logger: silentLogger,
    partitions: PARTITIONS,
    flushIntervalMs: 50,
    onEngineFailure: (error) => {
      throw error;
    },
    ...options,
  });
  onTestFinished(() => node.close());
  return node;
}

/** A record as it comes in; what is no text becomes JSON. */
export function incoming(topic: string, key: string, value: unknown): NewRecord {
  const bytes = Buffer.from(key);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return {
    topic,
    partition: partitionFor(bytes, PARTITIONS),
    timestamp: Date.now(),
    key: bytes,
    value: Buffer.from(text),
  };
}

/** A transaction of an account. */
export function transaction(accountId: string, transactionId: string, change: Record<string, unknown> = {}): NewRecord {
  return incoming('transactions', accountId, {
    transactionId,
    accountId,
    direction: 'credit',
    amount: '10.00',
    currency: 'EUR',
    occurredAt: '2026-01-01T00:00:00Z',
    kind: 'posting',
    ...change,
  });
}

/** A withdrawal of 50.00 EUR at a terminal. */
export function withdrawal(withdrawalId: string, accountId: string, change: Record<string, unknown> = {}): NewRecord {
  return incoming('atm.withdrawals', withdrawalId, {
    withdrawalId,
    accountId,
    terminalId: 'T-1',
    amount: '50.00',
    currency: 'EUR',
    requestedAt: '2026-01-01T10:00:00.000Z',
    ...change,
  });
}

/** What a terminal says of it. */
export function dispenseResult(withdrawalId: string, status: string, change: Record<string, unknown> = {}): NewRecord {
  return incoming('atm.dispense-results', withdrawalId, {
    withdrawalId,
    terminalId: 'T-1',
    status,
    occurredAt: '2026-01-01T10:00:30.000Z',
    ...change,
  });
}
