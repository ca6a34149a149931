import { jsonSerde, stringSerde } from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { describe, expect, it } from 'vitest';
import type { LedgerOutcome } from '../../../topologies/account-ledger/commands.ts';
import type {
  AccountBalances,
  LedgerTransaction,
  RejectedTransaction,
} from '../../../topologies/account-ledger/events.ts';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import { accountLedger } from '../../../topologies/account-ledger/topology.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const json = <T>() => ({ key: stringSerde, value: jsonSerde<T>() });

function ledger(commit: 'each' | 'manual' = 'each') {
  const driver = new TopologyTestDriver(accountLedger(), { startTimeMs: NOW, commit });
  const commands = driver.inputTopic(TOPICS.commands, json<Record<string, unknown>>());
  const input = driver.inputTopic(TOPICS.transactions, json<Record<string, unknown>>());
  const output = <T>(topic: string) => {
    const read = driver.outputTopic(topic, json<T>());
    return () => read.readAll().map(({ value }) => value!);
  };
  const transact = (fields: Record<string, unknown>) =>
    input.pipe('A', { ...base, transactionId: 't', occurredAt: '2026-06-15', kind: 'posting', ...fields });
  return {
    driver,
    transact,
    deposit: (amount: string) => transact({ transactionId: `d${amount}`, direction: 'credit', amount }),
    command: (fields: Record<string, unknown>) => commands.pipe('A', { ...base, ...fields }),
    pipeCommand: commands.pipe.bind(commands),
    outcomes: output<LedgerOutcome>(TOPICS.outcomes),
    accepted: output<LedgerTransaction>(TOPICS.accepted),
    rejected: output<RejectedTransaction>(TOPICS.rejected),
    balances: output<AccountBalances>(TOPICS.balances),
    deadLetters: output<unknown>('ledger.commands.dlq'),
  };
}

const base = {
  commandId: 'c1',
  requester: 'test',
  replyKey: 'reply',
  accountId: 'A',
  holdId: 'h1',
  amount: '60.00',
  currency: 'EUR',
  occurredAt: '2026-06-15T11:00:00Z',
};
const hold = { action: 'hold', details: { channel: 'atm', reference: 'W1' } };
const settle = (take: string) => ({ action: 'settle', take, commandId: `s${take}` });

function money(balances: readonly AccountBalances[]): readonly (readonly string[])[] {
  return balances.map(({ version, balances: [each] }) => [`v${version}`, each!.booked, each!.held, each!.available]);
}

describe('holds', () => {
  it('reserve what is available, post what is taken and let go of the rest', () => {
    const { deposit, command, outcomes, accepted, balances } = ledger();
    deposit('100');
    command(hold);
    command(settle('20.00'));
    expect(outcomes()).toEqual([
      {
        commandId: 'c1',
        requester: 'test',
        replyKey: 'reply',
        action: 'hold',
        accountId: 'A',
        subjectId: 'h1',
        status: 'done',
        currency: 'EUR',
      },
      expect.objectContaining({ action: 'settle', status: 'done', taken: '20.00', released: '40.00' }),
    ]);
    expect(money(balances())).toEqual([
      ['v1', '100.00', '0.00', '100.00'],
      ['v2', '100.00', '60.00', '40.00'],
      ['v4', '80.00', '0.00', '80.00'],
    ]);
    const [, debit] = accepted();
    expect(debit).toMatchObject({
      transactionId: 'h1',
      sequence: 2,
      direction: 'debit',
      amount: '20.00',
      kind: 'posting',
      channel: 'atm',
      reference: 'W1',
      balanceAfter: '80.00',
      availableAfter: '80.00',
      source: { topic: TOPICS.commands, partition: 0, offset: 1 },
    });
    expect(debit!.postings).toEqual([
      { ledgerAccount: 'customer:A', direction: 'debit', amount: '20.00', currency: 'EUR' },
      { ledgerAccount: 'cash:atm', direction: 'credit', amount: '20.00', currency: 'EUR' },
    ]);
  });

  it('with nothing taken post nothing and number nothing', () => {
    const { deposit, command, outcomes, accepted, balances } = ledger();
    deposit('100');
    command(hold);
    command(settle('0.00'));
    deposit('1');
    expect(outcomes().at(-1)).toMatchObject({ status: 'done', taken: '0.00', released: '60.00' });
    expect(accepted().map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(money(balances()).at(-1)).toEqual(['v4', '101.00', '0.00', '101.00']);
  });

  it('count as spent for requests and for other holds, not for settled facts', () => {
    const { deposit, transact, command, outcomes, accepted, rejected } = ledger();
    deposit('100');
    command(hold);
    command({ ...hold, holdId: 'h2', commandId: 'c2', amount: '40.01' });
    command({ ...hold, holdId: 'h3', commandId: 'c3', amount: '40.00' });
    transact({ transactionId: 'r1', direction: 'debit', amount: '0.01', kind: 'request' });
    transact({ transactionId: 'p1', direction: 'debit', amount: '70.00' });
    expect(outcomes().map(({ status, code }) => code ?? status)).toEqual(['done', 'INSUFFICIENT_FUNDS', 'done']);
    expect(rejected().map(({ code }) => code)).toEqual(['INSUFFICIENT_FUNDS']);
    expect(accepted().at(-1)).toMatchObject({ balanceAfter: '30.00', availableAfter: '-70.00' });
    command(settle('60.00'));
    expect(outcomes()[0]).toMatchObject({ status: 'done', taken: '60.00' });
    expect(accepted()[0]).toMatchObject({ balanceAfter: '-30.00', isOverdrawn: true });
  });

  it('are answered the same again, also a refusal when there are funds by then', () => {
    const { deposit, command, outcomes, balances } = ledger();
    command(hold);
    deposit('100');
    command(hold);
    command({ ...hold, holdId: 'h2' });
    command({ ...hold, holdId: 'h2' });
    command({ ...hold, holdId: 'h2', amount: '61.00' });
    for (const take of ['10.00', '10', '10.00', '11.00']) command({ ...settle(take), holdId: 'h2' });
    command(settle('0.00'));
    command({ ...settle('0.00'), holdId: 'h9' });
    expect(outcomes().map(({ status, code, taken }) => [code ?? status, taken])).toEqual([
      ['INSUFFICIENT_FUNDS', undefined],
      ['INSUFFICIENT_FUNDS', undefined],
      ['done', undefined],
      ['done', undefined],
      ['HOLD_CONFLICT', undefined],
      ['done', '10.00'],
      ['done', '10.00'],
      ['done', '10.00'],
      ['ALREADY_SETTLED', '10.00'],
      ['HOLD_REFUSED', undefined],
      ['HOLD_UNKNOWN', undefined],
    ]);
    expect(money(balances()).at(-1)).toEqual(['v4', '90.00', '0.00', '90.00']);
  });

  it.each(['60.01', '-0.01', '1.234', 'x', ''])('refuse to be settled with %j', (take) => {
    const { deposit, command, outcomes, balances } = ledger();
    deposit('100');
    command(hold);
    command(settle(take));
    expect(outcomes()[1]!.code).toMatch(/^TAKE_/);
    expect(money(balances()).at(-1)).toEqual(['v2', '100.00', '60.00', '40.00']);
  });

  it('keep their identity free of other transactions', () => {
    const { deposit, transact, command, outcomes, rejected, accepted } = ledger();
    deposit('100');
    transact({ transactionId: 'h2', direction: 'credit', amount: '1' });
    command(hold);
    command({ ...hold, holdId: 'h2' });
    transact({ transactionId: 'h1', direction: 'debit', amount: '60.00' });
    command(settle('60.00'));
    expect(outcomes().map(({ status, code }) => code ?? status)).toEqual(['done', 'CONFLICT', 'done']);
    expect(rejected().map(({ code }) => code)).toEqual(['CONFLICT']);
    expect(accepted().map(({ transactionId }) => transactionId)).toEqual(['d100', 'h2', 'h1']);
  });

  it.each([
    ['CURRENCY_UNKNOWN', { currency: 'XXX' }],
    ['AMOUNT_NOT_POSITIVE', { amount: '0.00' }],
    ['AMOUNT_MALFORMED', { amount: '1e3' }],
    ['OCCURRED_AT_INVALID', { occurredAt: 'soon' }],
    ['CARD_NUMBER', { details: { description: '4111111111111111' } }],
  ])('are judged by the rules: %s', (code, fields) => {
    const { deposit, command, outcomes, balances } = ledger();
    deposit('100');
    command({ ...hold, ...fields });
    const [outcome] = outcomes();
    expect(outcome).toMatchObject({ status: 'refused', code });
    expect(JSON.stringify(outcome)).not.toContain('41111111');
    expect(balances()).toHaveLength(1);
  });

  it('do not overflow what is held or available', () => {
    const { driver, command, outcomes, balances } = ledger();
    const limit = '9223372036854775807';
    const settings = driver.inputTopic(TOPICS.accounts, json<Record<string, unknown>>());
    settings.pipe('A', { accountId: 'A', status: 'open', overdraftLimits: { JPY: limit } });
    command({ ...hold, amount: limit, currency: 'JPY' });
    command({ ...hold, amount: '1', currency: 'JPY', holdId: 'h2' });
    expect(outcomes().map(({ status, code }) => code ?? status)).toEqual(['done', 'BALANCE_OUT_OF_RANGE']);
    expect(money(balances())).toEqual([['v1', '0', limit, `-${limit}`]]);
  });

  it('survive a crash anywhere, and nothing happens twice', () => {
    const { driver, deposit, command, outcomes, balances } = ledger('manual');
    const steps = [() => deposit('100'), () => command(hold), () => command(settle('20.00')), () => command(hold)];
    for (const step of steps) {
      step();
      driver.crash();
      driver.commit();
      driver.crash();
    }
    expect(outcomes().map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    expect(money(balances()).at(-1)).toEqual(['v4', '80.00', '0.00', '80.00']);
  });
});

describe('posting on command', () => {
  const transaction = {
    transactionId: 'refund-1',
    accountId: 'A',
    direction: 'credit',
    amount: '5.00',
    currency: 'EUR',
    occurredAt: '2026-06-15',
    kind: 'posting',
  };

  it('posts once, and answers a repeat with done', () => {
    const { command, outcomes, accepted } = ledger();
    command({ action: 'post', transaction });
    command({ action: 'post', transaction });
    command({ action: 'post', transaction: { ...transaction, amount: '6.00' } });
    expect(outcomes().map(({ status, code }) => code ?? status)).toEqual(['done', 'done', 'CONFLICT']);
    expect(accepted()).toHaveLength(1);
  });

  it('refuses what is no transaction, and one of another account', () => {
    const { command, outcomes, accepted } = ledger();
    command({ action: 'post', transaction: {} });
    command({ action: 'post', transaction: { ...transaction, accountId: 'B' } });
    expect(outcomes().map(({ code }) => code)).toEqual(['FIELD_MISSING', 'KEY_MISMATCH']);
    expect(accepted()).toEqual([]);
  });
});

describe('a command that can not be answered', () => {
  it.each<unknown>([{}, { ...base, action: 'steal' }, { ...base, action: 'hold', details: 7 }, 5, null])(
    'goes to the dead letters: %j',
    (fields) => {
      const { pipeCommand, driver, outcomes } = ledger();
      pipeCommand('A', fields as Record<string, unknown>);
      expect(outcomes()).toEqual([]);
      expect(driver.counters.deadLetters).toBe(1);
    },
  );

  it('is refused under another key than its account', () => {
    const { pipeCommand, outcomes, balances } = ledger();
    pipeCommand('B', { ...base, ...hold });
    expect(outcomes()).toMatchObject([{ code: 'KEY_MISMATCH' }]);
    expect(balances()).toEqual([]);
  });
});
