import { expect, test } from 'vitest';
import { parametersFor } from '../../../src/clickhouse/queries/named-query.ts';
import { namedQuery } from '../../../src/clickhouse/queries/registry.ts';

const query = namedQuery('last-transactions');

test('presets stand in for what is not given', () => {
  expect(parametersFor(query, { account: 'A', limit: undefined })).toEqual({
    account: 'A',
    limit: '10',
    before: '18446744073709551615',
    near: '2299-12-31 23:59:59.999',
    months: '0',
    dense: '0',
  });
});

test('what is missing, unknown or of another type is named, with what is expected and never with what was given', () => {
  const refusal = (given: Readonly<Record<string, string>>, expected: RegExp) =>
    expect(() => parametersFor(query, given)).toThrow(
      expect.objectContaining({ code: 'PARAMETER_INVALID', message: expect.stringMatching(expected) }),
    );
  refusal({}, /^last-transactions needs account: the account$/);
  refusal(
    { account: 'A', acount: 'B' },
    /^last-transactions has no such parameter: it takes account, limit, before, near, months, dense$/,
  );
  refusal(
    { account: 'A', limit: 'secret' },
    /^limit must be a whole number from 1 to 1000: it is transactions at most$/,
  );
  refusal({ account: 'A', near: 'yesterday' }, /^near must be a time of 1900 to 2299 with its zone/);
});
