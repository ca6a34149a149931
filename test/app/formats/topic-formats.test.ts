import { describe, expect, it } from 'vitest';
import { topicFormats, type ValueFormat } from '../../../src/app/formats/topic-formats.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { files, registry, schemas, TRANSACTION, topics } from '../../serde/avro/topics.ts';
import { Systems } from './systems.ts';

const formatsOf = (format: ValueFormat) => topicFormats({ format, registry, schemas });
const AT = '2026-01-31T12:00:00.000Z';

describe('the format of a topic', () => {
  it.each(['json', 'avro'] as const)('%s is written, and both are read', (format) => {
    const serde = formatsOf(format).valueSerde<typeof TRANSACTION>('transactions');
    expect(serde.serialize(TRANSACTION)[0]).toBe(format === 'avro' ? 0 : '{'.charCodeAt(0));
    for (const other of ['json', 'avro'] as const) {
      const bytes = formatsOf(other).valueSerde('transactions').serialize(TRANSACTION);
      expect(serde.deserialize(bytes)).toEqual(TRANSACTION);
    }
  });

  it('lets `read` judge the same shape from both', () => {
    const { valueSerde } = formatsOf('json');
    const read = (parsed: unknown) => {
      const { amount } = parsed as typeof TRANSACTION;
      if (amount !== '1100.00') throw new HeadraceError('DESERIALIZATION_FAILED', 'planted');
      return amount;
    };
    const serde = valueSerde('transactions', read);
    for (const format of ['json', 'avro'] as const) {
      const writer = formatsOf(format).valueSerde<object>('transactions');
      expect(serde.deserialize(writer.serialize(TRANSACTION))).toBe('1100.00');
      expect(() => serde.deserialize(writer.serialize({ ...TRANSACTION, amount: '1.00' }))).toThrow('planted');
    }
  });

  it('passes JSON on as it is, whatever it is', () => {
    const { decodeValue } = formatsOf('avro');
    expect(decodeValue('transactions', Buffer.from('{"amount":12,"x":[null]}'))).toEqual({ amount: 12, x: [null] });
    expect(() => decodeValue('transactions', Buffer.from('no JSON'))).toThrow(/not JSON/);
  });

  it('leaves a tombstone null', () => {
    expect(formatsOf('avro').decodeValue('balances', null)).toBeNull();
  });

  it('of a topic without a schema is JSON, and Avro there is not read', () => {
    const { valueSerde, decodeValue } = formatsOf('avro');
    const bytes = valueSerde<object>('elsewhere').serialize({ a: 1 });
    expect(Buffer.from(bytes).toString()).toBe('{"a":1}');
    const frame = formatsOf('avro').valueSerde<object>('transactions').serialize(TRANSACTION);
    expect(() => decodeValue('elsewhere', frame)).toThrow(expect.objectContaining({ code: 'SCHEMA_UNKNOWN' }) as Error);
  });

  it('goes by the header that names a schema', () => {
    const { guid } = files.registered.find(({ subject }) => subject === 'transactions-value')!;
    const header = Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]);
    const { valueSerde, decodeValue } = formatsOf('avro');
    const body = valueSerde<object>('transactions').serialize(TRANSACTION).subarray(5);
    expect(decodeValue('transactions', body, [['__value_schema_id', header]])).toEqual(TRANSACTION);
  });
});

/** A day at the bank: every topic gets values of every kind. */
function runDay(format: ValueFormat) {
  const systems = new Systems(formatsOf(format));
  const withdraw = (withdrawalId: string, amount = '50.00') =>
    systems.send('atm', 'atm.withdrawals', withdrawalId, {
      withdrawalId,
      accountId: 'a-1',
      terminalId: 'T1',
      amount,
      currency: 'EUR',
      requestedAt: AT,
    });
  const result = (withdrawalId: string, status: string, more: object = {}) =>
    systems.send('atm', 'atm.dispense-results', withdrawalId, {
      withdrawalId,
      terminalId: 'T1',
      status,
      occurredAt: AT,
      ...more,
    });
  const decide = (commandId: string, caseId: string, by: string, more: object) =>
    systems.send('reconciliation', 'reconciliation.commands', 'T1', { commandId, caseId, by, ...more });

  systems.send('ledger', 'accounts', 'a-1', { accountId: 'a-1', status: 'open', overdraftLimits: { EUR: '100.00' } });
  systems.send('ledger', 'accounts', 'a-2', null);
  systems.send('ledger', 'transactions', 'a-1', TRANSACTION);
  systems.send('ledger', 'transactions', 'a-1', TRANSACTION);
  systems.send('ledger', 'transactions', 'a-1', { ...TRANSACTION, transactionId: 't-2', amount: '0.00' });
  systems.sendJson('ledger', 'transactions', 'a-1', { ...TRANSACTION, transactionId: 't-3', amount: 12, extra: [1] });
  systems.send('ledger', 'transactions', 'a-3', {
    ...TRANSACTION,
    transactionId: 't-4',
    accountId: 'a-3',
    amount: '92233720368547758.07',
  });
  for (const id of ['taken', 'failed', 'partial', 'silent', 'retracted', 'late', 'foreign']) withdraw(id);
  withdraw('poor', '99999.00');
  result('taken', 'DISPENSING');
  result('taken', 'SUCCESS', { taken: '50.00', currency: 'EUR', notes: [{ denomination: '50', count: 1 }] });
  result('failed', 'FAIL', { reason: 'jam' });
  result('partial', 'PARTIAL', { taken: '20.00', currency: 'EUR' });
  result('retracted', 'RETRACTED');
  result('foreign', 'SUCCESS', { taken: '50.000', currency: 'KWD' });
  result('orphan', 'SUCCESS');
  result('late', 'FAIL');
  result('late', 'SUCCESS');
  systems.pass(600_000);
  systems.pass(600_000);
  decide('c1', 'case:silent', 'ann', { action: 'assign', to: 'ann' });
  decide('c2', 'case:silent', 'ann', { action: 'resolve', decision: 'refund', note: 'counted' });
  decide('c3', 'case:silent', 'bob', { action: 'resolve', decision: 'refund' });
  decide('c4', 'case:late', 'ann', { action: 'resolve', decision: 're-debit' });
  decide('c5', 'case:late', 'bob', { action: 'resolve', decision: 're-debit' });
  decide('c6', 'case:retracted', 'ann', { action: 'resolve', decision: 'dismiss' });
  decide('c7', 'case:nobody', 'ann', { action: 'resolve', decision: 'dismiss' });
  result('taken', 'SUCCESS', { taken: '70.00', currency: 'EUR' });
  systems.sendJson('atm', 'atm.withdrawals', 'odd', { withdrawalId: 'odd', amount: -1 });
  return systems.said;
}

describe('the three systems', () => {
  it('say the same in Avro as in JSON, on every topic, and nothing becomes a dead letter', () => {
    const [json, avro] = (['json', 'avro'] as const).map((format) => {
      const { decodeValue } = formatsOf(format);
      return runDay(format).map(({ topic, key, value }) => ({ topic, key, value: decodeValue(topic, value) }));
    });
    expect(avro!.filter(({ topic }) => topic.endsWith('.dlq'))).toEqual([]);
    expect(avro).toEqual(json);
    const written = new Set(avro!.map(({ topic }) => topic));
    const inputs = ['accounts', 'transactions', 'atm.withdrawals', 'atm.dispense-results', 'reconciliation.commands'];
    const timers = ['atm.timers', 'reconciliation.timers'];
    expect([...written].sort()).toEqual(topics.filter((topic) => ![...inputs, ...timers].includes(topic)).sort());
  });

  it('write every value in the format that was chosen', () => {
    expect(new Set(runDay('avro').map(({ value }) => value![0]))).toEqual(new Set([0]));
    expect(new Set(runDay('json').map(({ value }) => value![0]))).toEqual(new Set(['{'.charCodeAt(0)]));
  });
});
