import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiUnderTest, dataPlace, openApi, payment } from './api-under-test.ts';

const place = dataPlace();
let api: ApiUnderTest;
beforeAll(async () => {
  api = await openApi({ dataDirectory: place.data() });
});
afterAll(async () => {
  await api.close();
  place.remove();
});

describe('the balance of an account', () => {
  it('is booked, held and available in each currency, with holds counted', async () => {
    await api.post('/transactions', [payment('B', 'b1'), payment('B', 'b2', { amount: '500', currency: 'JPY' })]);
    await api.node.drain();
    const hold = { commandId: 'h', requester: 'test', replyKey: 'h', accountId: 'B', action: 'hold', holdId: 'h' };
    const { partition } = (await api.post('/transactions', payment('B', 'b3'))).body.position;
    await api.node.append([
      {
        topic: 'ledger.commands',
        partition,
        timestamp: Date.now(),
        key: Buffer.from('B'),
        value: Buffer.from(
          JSON.stringify({ ...hold, amount: '7.00', currency: 'EUR', occurredAt: '2026-01-01T00:00:00Z' }),
        ),
      },
    ]);
    await api.node.drain();
    expect((await api.get('/accounts/B/balance')).body).toEqual({
      accountId: 'B',
      sequence: 3,
      balances: [
        { currency: 'EUR', booked: '20.00', held: '7.00', available: '13.00' },
        { currency: 'JPY', booked: '500', held: '0', available: '500' },
      ],
    });
    expect((await api.get('/accounts/nobody/balance')).body).toMatchObject({ status: 404, code: 'ACCOUNT_UNKNOWN' });
  });
});

describe('the transactions of an account', () => {
  it('come newest first, page by page, each once', async () => {
    await api.post(
      '/transactions',
      Array.from({ length: 25 }, (_, i) => payment('L', `l${i}`)),
    );
    await api.node.drain();
    const sequences: number[] = [];
    let path = '/accounts/L/transactions?limit=10';
    for (let pages = 0; path !== '' && pages < 5; pages++) {
      const { body } = await api.get(path);
      expect(body).toMatchObject({ accountId: 'L', lastSequence: 25 });
      sequences.push(...body.transactions.map(({ sequence }: { sequence: number }) => sequence));
      path = body.cursor === undefined ? '' : `/accounts/L/transactions?limit=10&cursor=${body.cursor}`;
    }
    expect(sequences).toEqual(Array.from({ length: 25 }, (_, i) => 25 - i));
  });

  it('are refused for a cursor that no page gave, and a limit out of bounds', async () => {
    for (const cursor of [
      'x',
      Buffer.from('before:-1').toString('base64url'),
      Buffer.from('before:1 OR 1').toString('base64url'),
    ]) {
      expect((await api.get(`/accounts/L/transactions?cursor=${cursor}`)).body).toMatchObject({
        code: 'CURSOR_INVALID',
      });
    }
    for (const limit of ['0', '501', '1.5', '-1', '', '0x10']) {
      expect((await api.get(`/accounts/L/transactions?limit=${limit}`)).body).toMatchObject({ code: 'QUERY_INVALID' });
    }
    expect((await api.get('/accounts/nobody/transactions')).status).toBe(404);
  });

  it('are found under identifiers of any characters', async () => {
    const names = [
      "a'b",
      'a\\b',
      '{x:String}',
      'tab\tline\nend',
      '😀 ü',
      '..',
      '%2F/',
      '__proto__',
      "'; DROP TABLE x; --",
      '\u0000',
    ];
    await api.post(
      '/transactions',
      names.map((name) => payment(name, name)),
    );
    await api.node.drain();
    for (const name of names) {
      const path = `/accounts/${encodeURIComponent(name).replaceAll('.', '%2E')}/transactions`;
      // A browser's way of resolving ".." leaves such a path to others.
      if (name === '..') continue;
      const { body } = await api.get(path);
      expect(body.transactions).toMatchObject([{ transactionId: name }]);
      const one = await api.get(`${path}/${encodeURIComponent(name)}`);
      expect(one.body).toMatchObject({ status: 'posted', accountId: name, transactionId: name });
    }
  });
});

describe('money over HTTP', () => {
  it('is exact to the last digit at the limits of the type: in, balance, status from the log, list from ClickHouse', async () => {
    const minor = fc.oneof(
      fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
      fc.constantFrom(2n ** 63n - 1n, 2n ** 63n - 2n, 2n ** 53n + 1n, 1n),
    );
    const currency = fc.constantFrom(['JPY', 0], ['EUR', 2], ['KWD', 3], ['CLF', 4]);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(minor, currency, async (amount, [code, exponent]) => {
        const digits = String(amount).padStart(Number(exponent) + 1, '0');
        const cut = digits.length - Number(exponent);
        const text = exponent === 0 ? digits : `${digits.slice(0, cut)}.${digits.slice(cut)}`;
        const account = `M${run++}`;
        const taken = await api.post('/transactions', payment(account, 'm', { amount: text, currency: code }));
        expect(taken.status).toBe(202);
        const expected = { amount: text, balanceAfter: text, availableAfter: text, currency: code };
        expect((await api.get(`/accounts/${account}/transactions/m?waitMs=10000`)).body).toMatchObject(expected);
        expect((await api.get(`/accounts/${account}/balance`)).body.balances).toEqual([
          {
            currency: code,
            booked: text,
            held: exponent === 0 ? '0' : `0.${'0'.repeat(Number(exponent))}`,
            available: text,
          },
        ]);
        await api.node.drain();
        expect((await api.get(`/accounts/${account}/transactions`)).body.transactions).toMatchObject([expected]);
      }),
      { numRuns: 25 },
    );
  });
});
