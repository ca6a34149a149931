import { sinkTables } from '../../../src/app/sink-tables.ts';
import type { Store } from '../../../src/clickhouse/store.ts';
import { batchesOf, cutOf, type GivenRecord } from '../record-batches.ts';

/** A transaction as the model knows it, in minor units. */
export interface ModelTransaction {
  readonly accountId: string;
  readonly transactionId: string;
  readonly sequence: number;
  readonly direction: 'credit' | 'debit';
  readonly minor: bigint;
  readonly currency: string;
  readonly occurredAt: string;
  readonly channel: string;
  readonly counterparty: string;
  readonly reference: string;
  readonly balanceAfter: bigint;
}

export const DECIMALS: Readonly<Record<string, number>> = { EUR: 2, JPY: 0, KWD: 3 };
export const ACCOUNTS = ['A-1', 'O\'Brien \\ "x" {account:String}', 'Zürich-ž', 'quiet', 'rich'];
const CHANNELS = ['atm', 'card', ''];

/** Seeded, so that a failure comes again. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Some years of some accounts: gaps of months, the ends of months and years, three currencies, and of `quiet` nothing but
 * what is entered by hand below. One in twenty is entered late, months after it occurred.
 */
export function modelOf(count: number, seed = 7): readonly ModelTransaction[] {
  const random = chance(seed);
  const all: ModelTransaction[] = [];
  const sequences = new Map<string, number>();
  const balances = new Map<string, bigint>();
  let now = Date.UTC(1968, 10, 1);
  const add = (accountId: string, at: number, fields: Partial<ModelTransaction> = {}) => {
    const sequence = (sequences.get(accountId) ?? 0) + 1;
    sequences.set(accountId, sequence);
    const currency = fields.currency ?? ['EUR', 'EUR', 'JPY', 'KWD'][Math.floor(random() * 4)]!;
    const direction = fields.direction ?? (random() < 0.5 ? 'credit' : 'debit');
    const minor = fields.minor ?? BigInt(1 + Math.floor(random() * 1_000_000));
    const place = `${accountId}|${currency}`;
    const balanceAfter = (balances.get(place) ?? 0n) + (direction === 'credit' ? minor : -minor);
    balances.set(place, balanceAfter);
    all.push({
      accountId,
      transactionId: `t-${all.length % 97 === 0 ? 'shared' : all.length}`,
      sequence,
      direction,
      minor,
      currency,
      occurredAt: new Date(at).toISOString(),
      channel: CHANNELS[Math.floor(random() * CHANNELS.length)]!,
      counterparty: random() < 0.2 ? '' : `shop ${Math.floor(random() ** 2 * 15)}`,
      reference: random() < 0.5 ? '' : `ref ${Math.floor(random() * 8)}'`,
      balanceAfter,
      ...fields,
    });
  };
  const DAY = 86_400_000;
  for (let i = 0; i < count; i++) {
    // Now and then half a year in which nothing happens.
    now += Math.floor(random() < 0.004 ? 200 * DAY : random() * 1.2 * DAY);
    const late = random() < 0.05 ? Math.floor(random() * 300 * DAY) : 0;
    add(ACCOUNTS[Math.floor(random() * 3)]!, Math.max(now - late, Date.UTC(1968, 0, 1)));
  }
  for (const at of ['1999-12-31T23:59:59.999Z', '2000-01-01T00:00:00.000Z', '2000-02-29T12:00:00.000Z']) {
    add('quiet', Date.parse(at), {
      currency: 'EUR',
      direction: 'credit',
      minor: 3_000_000_000_000_000_000n,
      channel: 'card',
    });
  }
  // With it the sum of that day is more than 64 bits hold.
  add('rich', Date.UTC(2000, 0, 1), {
    currency: 'EUR',
    direction: 'credit',
    minor: 9_000_000_000_000_000_000n,
    channel: 'card',
  });
  return all;
}

/** Some things by what they have in common, in the order in which they first come. */
export function groupsOf<T>(all: readonly T[], keyOf: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) groups.set(keyOf(each), [...(groups.get(keyOf(each)) ?? []), each]);
  return groups;
}

/** Minor units as the views show them, with four decimals. */
export function shown(minor: bigint, currency: string): string {
  const units = minor * 10n ** BigInt(4 - DECIMALS[currency]!);
  const digits = (units < 0n ? -units : units).toString().padStart(5, '0');
  return `${units < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}

/** With the currency's own decimals, as topics carry it. */
function amount(minor: bigint, currency: string): string {
  const decimals = DECIMALS[currency]!;
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return minor < 0n ? `-${text}` : text;
}

/** The records that the ledger would have written, topic by topic; summaries and balances in every version. */
export function recordsOf(model: readonly ModelTransaction[]): Readonly<Record<string, readonly GivenRecord[]>> {
  const days = new Map<string, { credits: bigint; debits: bigint; count: number }>();
  const balances = new Map<string, Map<string, bigint>>();
  const ledger: GivenRecord[] = [];
  const summaries: GivenRecord[] = [];
  const booked: GivenRecord[] = [];
  const postings: GivenRecord[] = [];
  for (const [offset, transaction] of model.entries()) {
    const { accountId, transactionId, sequence, direction, minor, currency, occurredAt, channel } = transaction;
    const { counterparty, reference, balanceAfter } = transaction;
    const optional = Object.entries({ channel, counterparty, reference }).filter(([, text]) => text !== '');
    const after = amount(balanceAfter, currency);
    const base = { accountId, transactionId, direction, amount: amount(minor, currency), currency, occurredAt };
    ledger.push({
      key: accountId,
      value: {
        ...base,
        kind: 'posting',
        ...Object.fromEntries(optional),
        sequence,
        balanceAfter: after,
        availableAfter: after,
        isOverdrawn: balanceAfter < 0n,
        postings: [],
        source: { topic: 'transactions', partition: 0, offset },
      },
    });
    for (const [leg, ledgerAccount] of [`customer:${accountId}`, `clearing:${channel}`].entries()) {
      const way = leg === 0 ? direction : direction === 'credit' ? 'debit' : 'credit';
      postings.push({ key: accountId, value: { ...base, direction: way, sequence, leg, ledgerAccount } });
    }
    const day = occurredAt.slice(0, 10);
    const key = `${accountId}|${day}|${currency}`;
    const totals = days.get(key) ?? { credits: 0n, debits: 0n, count: 0 };
    days.set(key, totals);
    totals[direction === 'credit' ? 'credits' : 'debits'] += minor;
    totals.count++;
    summaries.push({
      key,
      value: {
        accountId,
        day,
        currency,
        credits: amount(totals.credits, currency),
        debits: amount(totals.debits, currency),
        count: totals.count,
        version: sequence,
      },
    });
    const held = balances.get(accountId) ?? new Map<string, bigint>();
    balances.set(accountId, held.set(currency, balanceAfter));
    booked.push({
      key: accountId,
      value: {
        accountId,
        sequence,
        version: sequence,
        occurredAt,
        balances: [...held].map(([code, balance]) => {
          const text = amount(balance, code);
          return { currency: code, booked: text, held: amount(0n, code), available: text };
        }),
      },
    });
  }
  return { 'ledger.transactions': ledger, 'ledger.daily-summary': summaries, balances: booked, postings };
}

let cuts = 0;

/** Writes records through the sink's target as one cut under a number of its own: the same again is there twice until merged. */
export async function write(store: Store, records: Readonly<Record<string, readonly GivenRecord[]>>): Promise<void> {
  const number = ++cuts;
  const batches = Object.entries(records).flatMap(([topic, values]) => batchesOf(topic, 0, number * 1_000_000, values));
  const { deadLetters } = await store.target(sinkTables).write(cutOf(number, batches), batches);
  if (deadLetters.length > 0) throw new Error(`The sink refuses rows: ${JSON.stringify(deadLetters[0])}`);
}

/** Writes a part of each topic's records. */
export function partOf(
  records: Readonly<Record<string, readonly GivenRecord[]>>,
  from: number,
  to: number,
): Readonly<Record<string, readonly GivenRecord[]>> {
  return Object.fromEntries(
    Object.entries(records).map(([topic, values]) => [
      topic,
      values.slice(Math.floor(from * values.length), Math.floor(to * values.length)),
    ]),
  );
}
