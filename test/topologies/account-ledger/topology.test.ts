import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { bytesSerde, jsonSerde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import { partitionFor } from '../../../src/log/partitioner.ts';
import type {
  AccountBalances,
  DailySummary,
  LedgerTransaction,
  Posting,
  RejectedTransaction,
} from '../../../topologies/account-ledger/events.ts';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import { accountLedger } from '../../../topologies/account-ledger/topology.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const json = <T>() => ({ key: stringSerde, value: jsonSerde<T>() });

function ledger(options: { partitions?: number; commit?: 'each' | 'manual' } = {}) {
  const driver = new TopologyTestDriver(accountLedger(), { startTimeMs: NOW, ...options });
  const input = driver.inputTopic(TOPICS.transactions, json<Record<string, unknown>>());
  const output = <T>(topic: string) => {
    const read = driver.outputTopic(topic, json<T>());
    return () => read.readAll().map(({ value }) => value!);
  };
  return {
    driver,
    input,
    accounts: driver.inputTopic(TOPICS.accounts, json<Record<string, unknown>>()),
    send: (fields: Record<string, unknown>) => input.pipe(String(fields.accountId), fields),
    accepted: output<LedgerTransaction>(TOPICS.accepted),
    rejected: output<RejectedTransaction>(TOPICS.rejected),
    postings: output<Posting>(TOPICS.postings),
    balances: output<AccountBalances>(TOPICS.balances),
    summaries: output<DailySummary>(TOPICS.dailySummary),
    deadLetters: () => driver.outputTopic('transactions.dlq', { key: bytesSerde, value: bytesSerde }).readAll().length,
  };
}

const deposit = {
  transactionId: 't1',
  accountId: 'A',
  direction: 'credit',
  amount: '100.5',
  currency: 'EUR',
  occurredAt: '2026-06-15',
  kind: 'posting',
};

describe('the account ledger', () => {
  it.each([TOPICS.transactions, TOPICS.accounts, TOPICS.commands])(
    '%s: a record elsewhere than its account belongs is a dead letter, for it would begin a second account',
    (topic) => {
      const { driver, accepted } = ledger({ partitions: 4 });
      const command = { commandId: 'c', requester: 'r', replyKey: 'A', action: 'post', transaction: deposit };
      const value = topic === TOPICS.accounts ? { status: 'closed' } : { ...deposit, ...command };
      const home = partitionFor(Buffer.from('A'), 4);
      const input = driver.inputTopic(topic, json<Record<string, unknown>>());
      input.pipe('A', value, { partition: (home + 1) % 4 });
      const [letter, ...others] = driver.outputTopic(`${topic}.dlq`, { key: bytesSerde, value: bytesSerde }).readAll();
      expect(letter!.headers.map(([, text]) => Buffer.from(text!).toString())).toContain('PARTITION_MISMATCH');
      expect([others, accepted(), driver.storeEntries('accounts'), driver.storeEntries('account-settings')]).toEqual([
        [],
        [],
        [],
        [],
      ]);
    },
  );

  it('posts a transaction and tells everyone', () => {
    const { send, accepted, postings, balances, summaries } = ledger();
    send({ ...deposit, channel: 'atm', reference: 'R1' });
    const transaction = {
      ...deposit,
      amount: '100.50',
      occurredAt: '2026-06-15T00:00:00.000Z',
      channel: 'atm',
      reference: 'R1',
      sequence: 1,
      balanceAfter: '100.50',
      availableAfter: '100.50',
      isOverdrawn: false,
      postings: [
        { ledgerAccount: 'customer:A', direction: 'credit', amount: '100.50', currency: 'EUR' },
        { ledgerAccount: 'cash:atm', direction: 'debit', amount: '100.50', currency: 'EUR' },
      ],
      source: { topic: 'transactions', partition: 0, offset: 0 },
    };
    expect(accepted()).toEqual([transaction]);
    expect(
      postings().map(({ leg, ledgerAccount, direction, sequence }) => [sequence, leg, ledgerAccount, direction]),
    ).toEqual([
      [1, 0, 'customer:A', 'credit'],
      [1, 1, 'cash:atm', 'debit'],
    ]);
    expect(balances()).toEqual([
      {
        accountId: 'A',
        sequence: 1,
        version: 1,
        occurredAt: transaction.occurredAt,
        balances: [{ currency: 'EUR', booked: '100.50', held: '0.00', available: '100.50' }],
      },
    ]);
    expect(summaries()).toEqual([
      { accountId: 'A', day: '2026-06-15', currency: 'EUR', credits: '100.50', debits: '0.00', count: 1, version: 1 },
    ]);
  });

  it('refuses a duplicate and a conflict, and judges a refused one anew', () => {
    const { send, accepted, rejected, accounts } = ledger();
    const request = { ...deposit, transactionId: 'r', kind: 'request', direction: 'debit' };
    send(request);
    send(deposit);
    send(deposit);
    send({ ...deposit, amount: '1' });
    send(request);
    accounts.pipe('A', { accountId: 'A', status: 'closed' });
    send({ ...deposit, transactionId: 't2' });
    accounts.pipe('A', { accountId: 'A', status: 'open', overdraftLimits: { EUR: '50.00' } });
    send({ ...request, transactionId: 'r2', amount: '50.00' });
    send({ ...request, transactionId: 'r3', amount: '0.01' });
    expect(
      accepted().map(({ transactionId, sequence, balanceAfter, isOverdrawn }) => [
        transactionId,
        sequence,
        balanceAfter,
        isOverdrawn,
      ]),
    ).toEqual([
      ['t1', 1, '100.50', false],
      ['r', 2, '0.00', false],
      ['r2', 3, '-50.00', true],
    ]);
    expect(rejected().map(({ code }) => code)).toEqual([
      'INSUFFICIENT_FUNDS',
      'DUPLICATE',
      'CONFLICT',
      'ACCOUNT_CLOSED',
      'INSUFFICIENT_FUNDS',
    ]);
  });

  it('gives every input record exactly one outcome, whatever it is', () => {
    const { driver, input, accepted, rejected, deadLetters } = ledger();
    const raw = (key: string | null, value: string | null) =>
      input.pipeBytes(key === null ? null : Buffer.from(key), value === null ? null : Buffer.from(value, 'latin1'));
    raw('A', JSON.stringify(deposit));
    raw('A', '{');
    raw('A', '[1]');
    raw('A', '"text"');
    raw('A', null);
    raw(null, null);
    raw('A', '{"accountId":"A"}');
    raw('A', '{"accountId":5,"transactionId":"t"}');
    raw('A', '\xff\xfe');
    raw(null, JSON.stringify({ ...deposit, transactionId: 't2' }));
    raw('B', JSON.stringify({ ...deposit, transactionId: 't3' }));
    raw('__proto__', JSON.stringify({ ...deposit, accountId: '__proto__' }));
    raw('\0\0\0\0', JSON.stringify({ ...deposit, accountId: '\0\0\0\0' }));
    raw('A', `{"__proto__":{"amount":"1"},"accountId":"A","transactionId":"t4"}`);
    expect(accepted().map(({ accountId }) => accountId)).toEqual(['A', '__proto__', '\0\0\0\0']);
    expect(rejected().map(({ code }) => code)).toEqual(['KEY_MISMATCH', 'KEY_MISMATCH', 'FIELD_MISSING']);
    expect(deadLetters()).toBe(8);
    expect(driver.counters.skipped).toBe(0);
  });

  it('keeps identities apart whose parts join to the same text', () => {
    const { send, accepted } = ledger();
    for (const [accountId, transactionId] of [
      ['a', 'b\0c'],
      ['a\0b', 'c'],
      ['a:b', 'c'],
      ['a', 'b:c'],
      ['1:a', 'b'],
      ['1', ':a:b'],
    ])
      send({ ...deposit, accountId, transactionId });
    expect(accepted()).toHaveLength(6);
  });

  it('masks a card number in what it refuses', () => {
    const { send, rejected } = ledger();
    send({ ...deposit, description: 'card 4111111111111111 paid' });
    const [refused] = rejected();
    expect(refused!.code).toBe('CARD_NUMBER');
    expect(JSON.stringify(refused)).not.toContain('411111111111');
  });

  it('masks a card number wherever it stands in what it refuses, also as a number, an identifier or a key', () => {
    const { send, input, rejected, driver, deadLetters } = ledger();
    send({ ...deposit, amount: 4111111111111111 });
    send({ ...deposit, transactionId: '4111111111111111' });
    input.pipe('4111111111111111', deposit);
    send({ ...deposit, accountId: '4111111111111111' });
    const refusals = driver.outputTopic(TOPICS.rejected, { key: stringSerde, value: stringSerde }).readAll();
    expect(refusals).toHaveLength(4);
    expect(JSON.stringify(refusals.map(({ key, value }) => [key, value]))).not.toContain('411111111111');
    expect(refusals.map(({ value }) => JSON.parse(value!).code)).toContain('AMOUNT_NOT_A_TEXT');
    expect(rejected()).toEqual([]);
    expect(deadLetters()).toBe(0);
  });

  it('holds its invariants over any traffic, with crashes in between', () => {
    const step = fc.record({
      account: fc.constantFrom('A', 'B', 'C'),
      id: fc.integer({ min: 0, max: 12 }),
      minor: fc.bigInt({ min: 0n, max: 3_000n }),
      direction: fc.constantFrom('credit', 'debit'),
      kind: fc.constantFrom('posting', 'request'),
      currency: fc.constantFrom('EUR', 'JPY'),
      after: fc.constantFrom('nothing', 'nothing', 'commit', 'crash'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { driver, send, accepted, rejected, postings, balances } = ledger({ partitions: 2, commit: 'manual' });
        for (const { account, id, minor, direction, kind, currency, after } of steps) {
          const amount =
            currency === 'JPY' ? String(minor) : `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
          send({
            transactionId: `t${id}`,
            accountId: account,
            direction,
            amount,
            currency,
            occurredAt: '2026-06-01',
            kind,
          });
          if (after === 'commit') driver.commit();
          if (after === 'crash') driver.crash();
        }
        driver.commit();
        const minorOf = (amount: string) => BigInt(amount.replace('.', ''));
        const all = accepted();
        expect(all.length + rejected().length).toBe(steps.length);
        expect(new Set(all.map(({ accountId, transactionId }) => `${accountId}/${transactionId}`)).size).toBe(
          all.length,
        );
        const booked = new Map<string, bigint>();
        const sequences = new Map<string, number>();
        for (const { accountId, currency, direction, amount, sequence, balanceAfter, kind } of all) {
          expect(sequence).toBe((sequences.get(accountId) ?? 0) + 1);
          sequences.set(accountId, sequence);
          const account = `${accountId} ${currency}`;
          const balance = (booked.get(account) ?? 0n) + (direction === 'credit' ? minorOf(amount) : -minorOf(amount));
          booked.set(account, balance);
          expect(minorOf(balanceAfter)).toBe(balance);
          if (kind === 'request' && direction === 'debit') expect(balance).toBeGreaterThanOrEqual(0n);
        }
        const sum = new Map<string, bigint>();
        for (const { accountId, sequence, currency, direction, amount } of postings()) {
          const name = `${accountId} ${sequence} ${currency}`;
          sum.set(name, (sum.get(name) ?? 0n) + (direction === 'credit' ? minorOf(amount) : -minorOf(amount)));
        }
        expect([...sum.values()].every((total) => total === 0n)).toBe(true);
        expect(sum.size).toBe(all.length);
        const last = new Map(
          balances().flatMap(({ accountId, balances: own }) =>
            own.map(({ currency, booked: text }) => [`${accountId} ${currency}`, minorOf(text)]),
          ),
        );
        expect(last).toEqual(booked);
      }),
      { numRuns: 100 },
    );
  });

  const file = fileURLToPath(new URL('../../../../shared/data/czech-bank-transactions.csv.gz', import.meta.url));
  it.skipIf(!existsSync(file))(
    'reaches the balances that a real bank reached (skipped without the shared data)',
    () => {
      const [, ...rows] = gunzipSync(readFileSync(file))
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.split(','));
      const { driver, send, accepted } = ledger({ partitions: 4, commit: 'manual' });
      const expected = new Map<string, string>();
      for (const [transactionId, accountId, occurredAt, direction, , amount, balanceAfter] of rows) {
        send({ transactionId, accountId, occurredAt, direction, amount, currency: 'CZK', kind: 'posting' });
        expected.set(transactionId!, balanceAfter!);
      }
      driver.commit();
      expect(new Map(accepted().map(({ transactionId, balanceAfter }) => [transactionId, balanceAfter]))).toEqual(
        expected,
      );
      expect(expected.size).toBe(9_561);
    },
  );
});
