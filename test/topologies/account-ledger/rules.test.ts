import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AccountState, NEW_ACCOUNT } from '../../../topologies/account-ledger/account-state.ts';
import { businessTime } from '../../../topologies/account-ledger/business-time.ts';
import { type AccountSettings, toTransactionInput } from '../../../topologies/account-ledger/events.ts';
import {
  ACCOUNT_RULES,
  checkAccount,
  checkForm,
  FORM_RULES,
  type Transaction,
} from '../../../topologies/account-ledger/rules.ts';

const TAKEN_IN_AT = Date.parse('2026-06-15T12:00:00Z');
const time = businessTime();
const valid = {
  transactionId: 't1',
  accountId: 'A',
  direction: 'credit',
  amount: '10.50',
  currency: 'EUR',
  occurredAt: '2026-06-15T11:00:00Z',
  kind: 'posting',
};

function codeOf(change: Record<string, unknown>, key: string | null = 'A'): string {
  const input = JSON.parse(JSON.stringify({ ...valid, ...change }));
  const checked = checkForm({ key, input: toTransactionInput(input), takenInAt: TAKEN_IN_AT, time });
  return 'code' in checked ? checked.code : 'accepted';
}

describe('the rules of form', () => {
  it.each<[string, Record<string, unknown>, string | null]>([
    ['accepted', {}, 'A'],
    ['KEY_MISMATCH', {}, 'B'],
    ['KEY_MISMATCH', {}, null],
    ['FIELD_MISSING', { amount: undefined }, 'A'],
    ['FIELD_MISSING', { kind: null }, 'A'],
    ['FIELD_INVALID', { description: 5 }, 'A'],
    ['FIELD_INVALID', { description: 'x'.repeat(1_025) }, 'A'],
    ['FIELD_INVALID', { reference: '\ud800' }, 'A'],
    ['FIELD_INVALID', { currency: ['EUR'] }, 'A'],
    ['CARD_NUMBER', { description: 'paid with 4111 1111 1111 1111' }, 'A'],
    ['CARD_NUMBER', { amount: '4111111111111111', currency: 'EUR' }, 'A'],
    ['CARD_NUMBER', { amount: '4111 1111 1111 1111', currency: 'JPY' }, 'A'],
    ['accepted', { amount: '4111111111111111', currency: 'JPY' }, 'A'],
    ['accepted', { amount: '4111111111111111.00', currency: 'EUR' }, 'A'],
    ['CURRENCY_UNKNOWN', { currency: 'XXX' }, 'A'],
    ['CURRENCY_UNKNOWN', { currency: 'DEM' }, 'A'],
    ['CURRENCY_UNKNOWN', { currency: 'eur' }, 'A'],
    ['CURRENCY_UNKNOWN', { currency: '__proto__' }, 'A'],
    ['CURRENCY_UNKNOWN', { currency: 'constructor' }, 'A'],
    ['AMOUNT_NOT_A_TEXT', { amount: 10.5 }, 'A'],
    ['AMOUNT_MALFORMED', { amount: 'NaN' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '1e3' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '1,000' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: ' 1' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '+1' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '.5' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '007' }, 'A'],
    ['AMOUNT_MALFORMED', { amount: '٣' }, 'A'],
    ['AMOUNT_DECIMALS', { amount: '1.005' }, 'A'],
    ['AMOUNT_DECIMALS', { amount: '100.00', currency: 'JPY' }, 'A'],
    ['accepted', { amount: '100', currency: 'JPY' }, 'A'],
    ['accepted', { amount: '12345678901234.5678', currency: 'CLF' }, 'A'],
    ['AMOUNT_OUT_OF_RANGE', { amount: '9223372036854775808', currency: 'JPY' }, 'A'],
    ['accepted', { amount: '9223372036854775807', currency: 'JPY' }, 'A'],
    ['AMOUNT_OUT_OF_RANGE', { amount: '9'.repeat(50) }, 'A'],
    ['AMOUNT_NOT_POSITIVE', { amount: '0.00' }, 'A'],
    ['AMOUNT_NOT_POSITIVE', { amount: '-1' }, 'A'],
    ['AMOUNT_NOT_POSITIVE', { amount: '-0' }, 'A'],
    ['DIRECTION_UNKNOWN', { direction: 'Credit' }, 'A'],
    ['KIND_UNKNOWN', { kind: 'fact' }, 'A'],
    ['OCCURRED_AT_INVALID', { occurredAt: 'yesterday' }, 'A'],
    ['OCCURRED_AT_INVALID', { occurredAt: '2026-02-30' }, 'A'],
    ['OCCURRED_AT_INVALID', { occurredAt: '1899-12-31' }, 'A'],
    ['OCCURRED_AT_INVALID', { occurredAt: '1900-01-01T12:00:00Z' }, 'A'],
    ['OCCURRED_AT_INVALID', { occurredAt: '0026-06-15T10:00:00Z' }, 'A'],
    ['accepted', { occurredAt: '1993-01-02' }, 'A'],
    ['OCCURRED_AT_TOO_FAR_AHEAD', { occurredAt: '2099-01-01' }, 'A'],
    ['accepted', { occurredAt: '2026-06-16T12:00:00Z' }, 'A'],
    ['OCCURRED_AT_TOO_FAR_AHEAD', { occurredAt: '2026-06-16T12:00:00.001Z' }, 'A'],
  ])('%s: %j with key %s', (code, change, key) => {
    expect(codeOf(change, key)).toBe(code);
  });

  it('every code of the table is shown above', () => {
    const source = readFileSync(new URL(import.meta.url), 'utf8');
    for (const { code } of [...FORM_RULES, ...ACCOUNT_RULES]) {
      expect(source.replaceAll(/\[\s+/g, '['), code).toContain(`['${code}'`);
    }
  });

  it('the first rule that refuses gives the code', () => {
    expect(codeOf({ currency: 'XXX', amount: 5, direction: 'up', occurredAt: 'never' }, 'B')).toBe('KEY_MISMATCH');
    expect(codeOf({ currency: 'XXX', amount: 5, direction: 'up', occurredAt: 'never' })).toBe('CURRENCY_UNKNOWN');
    expect(codeOf({ amount: 5, direction: 'up', occurredAt: 'never' })).toBe('AMOUNT_NOT_A_TEXT');
    expect(codeOf({ direction: 'up', occurredAt: 'never' })).toBe('DIRECTION_UNKNOWN');
  });

  it('fields of Object are not fields of a transaction', () => {
    const input = toTransactionInput(
      JSON.parse('{"transactionId":"t","accountId":"A","__proto__":{"amount":"1","currency":"EUR"}}'),
    );
    expect(checkForm({ key: 'A', input, takenInAt: TAKEN_IN_AT, time })).toMatchObject({ code: 'FIELD_MISSING' });
  });
});

function transaction(change: Record<string, unknown> = {}): Transaction {
  const checked = checkForm({
    key: 'A',
    input: toTransactionInput({ ...valid, ...change }),
    takenInAt: TAKEN_IN_AT,
    time,
  });
  if ('code' in checked) throw new RangeError(checked.code);
  return checked;
}

const account = (booked: bigint, held = 0n): AccountState => ({
  sequence: 1,
  version: 1,
  balances: new Map([['EUR', { booked, held }]]),
});
const open: AccountSettings = { accountId: 'A', status: 'open', overdraftLimits: { EUR: '5.00' } };
const request = transaction({ kind: 'request', direction: 'debit' });

describe('the rules about the account', () => {
  it.each<[string, Parameters<typeof checkAccount>[0]]>([
    ['accepted', { transaction: transaction(), account: NEW_ACCOUNT, settings: null, seenContent: undefined }],
    [
      'DUPLICATE',
      { transaction: transaction(), account: NEW_ACCOUNT, settings: null, seenContent: transaction().content },
    ],
    [
      'DUPLICATE',
      {
        transaction: transaction({ amount: '10.5', occurredAt: '2026-06-15T13:00:00+02:00' }),
        account: NEW_ACCOUNT,
        settings: null,
        seenContent: transaction().content,
      },
    ],
    [
      'CONFLICT',
      {
        transaction: transaction({ amount: '10.51' }),
        account: NEW_ACCOUNT,
        settings: null,
        seenContent: transaction().content,
      },
    ],
    [
      'CONFLICT',
      {
        transaction: transaction({ reference: 'r' }),
        account: NEW_ACCOUNT,
        settings: null,
        seenContent: transaction({ channel: 'r' }).content,
      },
    ],
    [
      'ACCOUNT_CLOSED',
      {
        transaction: transaction(),
        account: NEW_ACCOUNT,
        settings: { accountId: 'A', status: 'closed' },
        seenContent: undefined,
      },
    ],
    [
      'BALANCE_OUT_OF_RANGE',
      { transaction: transaction(), account: account(2n ** 63n - 1n), settings: null, seenContent: undefined },
    ],
    ['INSUFFICIENT_FUNDS', { transaction: request, account: account(1_049n), settings: null, seenContent: undefined }],
    ['accepted', { transaction: request, account: account(1_050n), settings: null, seenContent: undefined }],
    [
      'INSUFFICIENT_FUNDS',
      { transaction: request, account: account(1_050n, 1n), settings: null, seenContent: undefined },
    ],
    ['accepted', { transaction: request, account: account(550n), settings: open, seenContent: undefined }],
    ['INSUFFICIENT_FUNDS', { transaction: request, account: account(549n), settings: open, seenContent: undefined }],
    [
      'accepted',
      {
        transaction: transaction({ direction: 'debit' }),
        account: NEW_ACCOUNT,
        settings: null,
        seenContent: undefined,
      },
    ],
  ])('%s', (code, attempt) => {
    expect(checkAccount(attempt)?.code ?? 'accepted').toBe(code);
  });
});

describe('the README', () => {
  it('lists the rules as the code has them', () => {
    const readme = readFileSync(new URL('../../../topologies/account-ledger/README.md', import.meta.url), 'utf8');
    const rows = [...FORM_RULES, ...ACCOUNT_RULES].map(
      ({ code, meaning }, index) => `| ${index + 1} | \`${code}\` | ${meaning} |`,
    );
    expect(readme.replaceAll(/ +/g, ' ')).toContain(rows.join('\n'));
  });
});
