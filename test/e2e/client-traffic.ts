import { expect } from 'vitest';
import { partitionFor } from '../../src/log/partitioner.ts';
import type { AccountBalances, LedgerTransaction } from '../../topologies/account-ledger/events.ts';
import { DEFAULT_PARTITIONS } from '../../topologies/account-ledger/topics.ts';
import type { SentRecord } from '../kafka/clients/client-record.ts';
import { headrace } from './headrace.ts';

const RECORDS = 60;
const ACCOUNTS = 5;

/** A record of a topic, as `headrace consume` prints it. */
export interface Printed {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: unknown;
  readonly headers?: readonly { readonly name: string; readonly value: unknown }[];
}

export async function consumed(kafka: string, topic: string): Promise<readonly Printed[]> {
  const { status, out, err } = await headrace(['consume', topic, '--kafka', kafka]);
  expect([status, err]).toEqual([0, '']);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Printed);
}

/**
 * What one client sends: transactions of its own accounts, number i of i + 1 minor units, in order. Two of sixty are refused, and
 * one is no transaction at all.
 */
export function recordsOf(client: string): readonly SentRecord[] {
  return Array.from({ length: RECORDS }, (_, i) => {
    const key = `${client}-${i % ACCOUNTS}`;
    const [transactionId, amount] = [`${client}:${i}`, `${i % 20 === 7 ? '-' : ''}0.${String(i + 1).padStart(2, '0')}`];
    const said = { direction: 'credit', currency: 'EUR', kind: 'posting', occurredAt: '2026-01-01T00:00:00Z' };
    const value = JSON.stringify({ transactionId, accountId: key, amount, ...said });
    return { key, value: i === 13 ? `no transaction ${transactionId}` : value, client };
  });
}

/** The places of a client's records among its own, by what became of them. */
export interface Outcomes {
  readonly accepted: readonly number[];
  readonly rejected: readonly number[];
  readonly deadLetters: readonly number[];
}

const numbers = (from: readonly number[]) => [...from].sort((left, right) => left - right);

/** Reads what became of the records of clients, and checks each account of them: in order, and with the right balance. */
export async function outcomesOf(kafka: string, clients: readonly string[]): Promise<ReadonlyMap<string, Outcomes>> {
  const topics = ['ledger.transactions', 'transactions.rejected', 'transactions.dlq', 'balances'];
  const [accepted, rejected, letters, balances] = (await Promise.all(
    topics.map((topic) => consumed(kafka, topic)),
  )) as [readonly Printed[], readonly Printed[], readonly Printed[], readonly Printed[]];
  const of = (client: string, printed: readonly Printed[]) =>
    printed
      .filter(({ headers = [] }) => headers.some(({ name, value }) => name === 'client' && value === client))
      .map(({ value }) =>
        Number(/:(\d+)\b/.exec(typeof value === 'string' ? value : (value as LedgerTransaction).transactionId)![1]),
      );
  const current = new Map(balances.map(({ key, value }) => [key!, value as AccountBalances]));
  return new Map(
    clients.map((client) => {
      checkAccounts(client, accepted, current);
      const outcomes = {
        accepted: of(client, accepted),
        rejected: of(client, rejected),
        deadLetters: of(client, letters),
      };
      return [
        client,
        {
          ...outcomes,
          accepted: numbers(outcomes.accepted),
          rejected: numbers(outcomes.rejected),
          deadLetters: numbers(outcomes.deadLetters),
        },
      ];
    }),
  );
}

function checkAccounts(
  client: string,
  accepted: readonly Printed[],
  balances: ReadonlyMap<string, AccountBalances>,
): void {
  for (let account = 0; account < ACCOUNTS; account++) {
    const key = `${client}-${account}`;
    const own = accepted.filter((printed) => printed.key === key);
    if (own.length === 0) continue;
    expect(new Set(own.map(({ partition }) => partition))).toEqual(new Set([homeOf(key)]));
    const transactions = own.map(({ value }) => value as LedgerTransaction);
    expect(transactions.map(({ sequence }) => sequence)).toEqual(transactions.map((_, i) => i + 1));
    const sent = transactions.map(({ transactionId }) => Number(transactionId.split(':')[1]));
    expect(sent).toEqual(numbers(sent));
    const cents = sent.reduce((sum, i) => sum + i + 1, 0);
    const booked = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
    expect(transactions.at(-1)!.balanceAfter).toBe(booked);
    expect(balances.get(key)).toMatchObject({ sequence: own.length, balances: [{ currency: 'EUR', booked }] });
  }
}

export function homeOf(key: string): number {
  return partitionFor(Buffer.from(key), DEFAULT_PARTITIONS);
}

/** What becomes of the records of a client that does everything right. */
export const ALL_TAKEN: Outcomes = {
  accepted: Array.from({ length: RECORDS }, (_, i) => i).filter((i) => i % 20 !== 7 && i !== 13),
  rejected: [7, 27, 47],
  deadLetters: [13],
};
