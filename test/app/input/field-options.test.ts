import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMap, parseSet } from '../../../src/app/input/field-options.ts';
import { temporaryDirectory } from '../../embedded-log.ts';
import { csvLine, HEADER, readAll, writeInput } from './inputs.ts';

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const file = (name: string, content: string | Buffer) => writeInput(directory.path, name, content);

describe('columns', () => {
  it('finds columns named like fields, also in snake_case, in any order', async () => {
    const content =
      'kind;currency;amount;direction;occurred_at;account_id;transaction_id;extra\nposting;EUR;1;credit;2024;a;t;x\n';
    const { rows } = await readAll(file('a.csv', content));
    expect(rows).toMatchObject([
      {
        kind: 'transaction',
        line: 2,
        fields: {
          transactionId: 't',
          accountId: 'a',
          direction: 'credit',
          amount: '1',
          currency: 'EUR',
          kind: 'posting',
        },
      },
    ]);
    expect(Object.keys((rows[0] as { fields: object }).fields)).not.toContain('extra');
  });

  it('lists the columns where a mapped one is missing', async () => {
    const { error } = await readAll(file('a.csv', `${HEADER}\n${csvLine('t1')}\n`), { map: ['amount=betrag'] });
    expect(error!.code).toBe('INPUT_INVALID');
    expect(error!.message).toContain('no column betrag');
    expect(error!.message).toContain('transactionId, accountId, direction');
  });

  it('refuses the whole input where a needed field comes from nowhere, and takes it with --set', async () => {
    const path = file('a.csv', 'transactionId,accountId,direction,amount,occurredAt,kind\nt,a,credit,1,2024,posting\n');
    expect((await readAll(path)).error!.message).toMatch(/no column for currency; .*--set currency=VALUE/);
    expect((await readAll(path, { set: ['currency=CZK'] })).rows).toMatchObject([{ fields: { currency: 'CZK' } }]);
  });

  it('refuses a column that stands twice, if it is used', async () => {
    const path = file('a.csv', `${HEADER},amount\n${csvLine('t1')},2\n`);
    expect((await readAll(path)).error!.message).toContain('2 columns for amount');
    expect((await readAll(path, { set: ['amount=3'] })).rows).toMatchObject([{ fields: { amount: '3' } }]);
  });

  it('reads mapped properties of NDJSON', async () => {
    const path = file('a.ndjson', '{"id":"t1","account":"a","amount":"2.00"}\n');
    const { rows } = await readAll(path, { map: ['transactionId=id', 'accountId=account'], set: ['currency=EUR'] });
    expect(rows).toEqual([
      {
        kind: 'transaction',
        line: 1,
        fields: { transactionId: 't1', accountId: 'a', amount: '2.00', currency: 'EUR' },
      },
    ]);
  });

  it.each([[['amount']], [['=x']], [['amount=']], [['price=x']], [['amount=a', 'amount=b']]])(
    'refuses %j',
    (values) => {
      expect(() => parseMap(values)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      expect(() => parseSet(values)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );

  it('refuses a field that is mapped and set, and lists the fields for an unknown one', async () => {
    const { error } = await readAll(file('a.csv', HEADER), { map: ['kind=k'], set: ['kind=posting'] });
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(() => parseMap(['price=x'])).toThrow(/transactionId, accountId, direction, amount/);
  });
});
