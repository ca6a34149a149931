import type { Store } from '../../../src/clickhouse/store.ts';
import { openAt, withDirectory } from '../temporary-store.ts';
import { groupsOf, type ModelTransaction, modelOf, partOf, recordsOf, shown, write } from './ledger-model.ts';

export const model = modelOf(3_000);
export const ALL_TIME = { from: '1900-01-01', until: '2299-12-31' };
const TABLES = [
  'transactions_rows',
  'transactions_by_id_rows',
  'transactions_by_reference_rows',
  'account_daily_summary_rows',
  'balances_rows',
  'postings_rows',
  'failed_dispenses_rows',
];

/** A store in which every record of the model stands twice, and every version of days and balances; nothing is merged. */
export async function openFilledStore(): Promise<{ readonly store: Store; close(): Promise<void> }> {
  let close: () => void = () => undefined;
  const closing = new Promise<void>((resolve) => {
    close = resolve;
  });
  let ended: Promise<void> | undefined;
  const store = await new Promise<Store>((resolve, reject) => {
    ended = withDirectory(async (path) => {
      const opened = await openAt(path);
      for (const table of TABLES) await opened.clickhouse.command(`SYSTEM STOP MERGES headrace.${table}`);
      const records = recordsOf(model);
      for (const [from, to] of [
        [0, 0.4],
        [0.4, 1],
        [0, 0.6],
        [0.5, 1],
      ] as const) {
        await write(opened, partOf(records, from, to));
      }
      resolve(opened);
      await closing;
      await opened.close();
    });
    ended.catch(reject);
  });
  return {
    store,
    close: async () => {
      close();
      await ended;
    },
  };
}

export const of = (accountId: string) => model.filter((each) => each.accountId === accountId);
export const signed = ({ direction, minor }: ModelTransaction) => (direction === 'credit' ? minor : -minor);
export const byCode = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
export const byLedger = (a: ModelTransaction, b: ModelTransaction) => b.sequence - a.sequence;
export const byTime = (a: ModelTransaction, b: ModelTransaction) =>
  byCode(a.occurredAt, b.occurredAt) || a.sequence - b.sequence;
export const isIn = (from: string, until: string) => (each: ModelTransaction) =>
  each.occurredAt >= from && each.occurredAt < until;

/** Credits, debits and number of some transactions, for each value of a key and currency, in the order of both. */
export function sumsOf<K extends object>(some: readonly ModelTransaction[], keyOf: (each: ModelTransaction) => K) {
  const groups = groupsOf(some, (each) => JSON.stringify([Object.values(keyOf(each)), each.currency]));
  return [...groups.values()].map((group) => {
    const [{ currency }] = group as [ModelTransaction];
    const sum = (direction: string) =>
      group.reduce((total, each) => total + (each.direction === direction ? each.minor : 0n), 0n);
    return {
      ...keyOf(group[0]!),
      currency,
      credits: shown(sum('credit'), currency),
      debits: shown(sum('debit'), currency),
      transactionCount: group.length,
    };
  });
}
