import { expect, test } from 'vitest';
import { type ClickHouse, readRows, readText } from '../../src/clickhouse/clickhouse.ts';
import { ClickHouseSinkTarget } from '../../src/clickhouse/sink-target.ts';
import { HeadraceError } from '../../src/errors.ts';
import { ledgerSinkTables } from '../../topologies/account-ledger/sink-tables.ts';
import { ledgerTransaction } from './ledger-records.ts';
import { batchesOf, cutOf } from './record-batches.ts';
import { withStore } from './temporary-store.ts';

const MONTHS = 30;

/** `count` transactions of ten accounts, spread over MONTHS months. */
function transactions(count: number) {
  return Array.from({ length: count }, (_, i) =>
    ledgerTransaction({
      accountId: `a${i % 10}`,
      transactionId: `t${i}`,
      sequence: Math.floor(i / 10) + 1,
      occurredAt: new Date(Date.UTC(1968, i % MONTHS, 5)).toISOString(),
    }),
  );
}

async function counts(clickhouse: ClickHouse): Promise<unknown> {
  const sql = `SELECT (SELECT count() FROM transactions_rows) AS base, (SELECT count() FROM transactions) AS shown,
    (SELECT uniqExact(account_id, sequence) FROM transactions) AS distinct_rows,
    (SELECT count() FROM transactions_by_id_rows) AS base_by_id, (SELECT count() FROM transactions_by_id) AS shown_by_id`;
  const [row] = await readRows<Record<string, string>>(clickhouse, sql);
  return Object.values(row ?? {}).map(Number);
}

test('the same cut three times is there once, over many months, in the look-up too, before and after merges', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const batches = batchesOf('ledger.transactions', 0, 0, transactions(2_000));
    const sink = target(ledgerSinkTables);
    for (let i = 0; i < 3; i++) {
      expect(await sink.write(cutOf(1, batches), batches)).toEqual({ rows: 2_000, deadLetters: [] });
      expect(await counts(clickhouse)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
    }
    await clickhouse.command('OPTIMIZE TABLE headrace.transactions_rows FINAL');
    expect(await counts(clickhouse)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
    const [months] = await readRows<{ parts: string }>(
      clickhouse,
      "SELECT uniqExact(partition) AS parts FROM system.parts WHERE table = 'transactions_rows' AND active",
    );
    expect(Number(months?.parts)).toBe(MONTHS);
  });
});

test('batches that come again split and ordered otherwise, and reach beyond the cut, give the same rows', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const records = transactions(100);
    const sink = target(ledgerSinkTables);
    const whole = batchesOf('ledger.transactions', 0, 0, records.slice(0, 80));
    const cut = cutOf(1, whole);
    await sink.write(cut, whole);
    const longer = [
      ...batchesOf('ledger.transactions', 0, 50, records.slice(50)),
      ...batchesOf('ledger.transactions', 0, 0, records.slice(0, 50)),
      ...batchesOf('ledger.transactions', 1, 0, records),
    ];
    expect((await sink.write(cut, longer)).rows).toBe(80);
    expect(await counts(clickhouse)).toEqual([80, 80, 80, 80, 80]);
  });
});

test('a first try that broke off in a view is made whole by the same cut again, in the table and in the look-up', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const batches = batchesOf('ledger.transactions', 0, 0, transactions(300));
    const cut = cutOf(7, batches);
    const sink = target(ledgerSinkTables);
    // Views run one after the other in the order of their names: one breaks before the look-up is fed, one behind it.
    for (const name of ['a_breaking', 'z_breaking']) {
      await clickhouse.command(
        `CREATE MATERIALIZED VIEW headrace.${name} ENGINE = Memory AS SELECT throwIf(sequence = 29) AS broken FROM headrace.transactions_rows`,
      );
      await expect(sink.write(cut, batches)).rejects.toMatchObject({
        code: 'VIEW_REFUSED',
        retriable: true,
        message: expect.stringMatching(new RegExp(`headrace.${name}.*Code: 395`, 's')),
      });
      await clickhouse.command(`DROP VIEW headrace.${name}`);
    }
    await sink.write(cut, batches);
    await sink.write(cut, batches);
    const [, ...shown] = (await counts(clickhouse)) as number[];
    expect(shown[0]).toBe(300);
    expect(shown[1]).toBe(300);
    expect(shown[3]).toBe(300);
  });
});

test('a failure between two tables leaves the others to the next try, and nothing twice', async () => {
  await withStore(async ({ clickhouse }) => {
    const transaction = batchesOf('ledger.transactions', 0, 0, transactions(20));
    const balance = batchesOf('balances', 0, 0, [
      {
        value: {
          accountId: 'a1',
          sequence: 1,
          balances: [{ currency: 'EUR', booked: '1.00', held: '0.00', available: '1.00' }],
          occurredAt: '2024-01-01T00:00:00.000Z',
        },
      },
      {
        value: {
          accountId: 'a1',
          sequence: 2,
          balances: [{ currency: 'EUR', booked: '-3.00', held: '0.50', available: '-3.50' }],
          occurredAt: '2024-01-02T00:00:00.000Z',
        },
      },
    ]);
    let failures = 1;
    const failing: ClickHouse = {
      kind: clickhouse.kind,
      command: (sql) => clickhouse.command(sql),
      rows: (sql) => clickhouse.rows(sql),
      read: (sql, options) => clickhouse.read(sql, options),
      settle: (queryId) => clickhouse.settle(queryId),
      close: () => clickhouse.close(),
      insert: async (table, columns, bytes, options) => {
        if (table === 'headrace.balances_rows' && failures-- > 0)
          throw new HeadraceError('CLICKHOUSE_FAILED', 'cut off', { retriable: true });
        await clickhouse.insert(table, columns, bytes, options);
      },
    };
    const sink = new ClickHouseSinkTarget(failing, ledgerSinkTables);
    const batches = [...transaction, ...balance];
    const cut = cutOf(1, batches);
    await expect(sink.write(cut, batches)).rejects.toMatchObject({ retriable: true });
    expect(await sink.write(cut, batches)).toMatchObject({ rows: 22, deadLetters: [] });
    expect(await counts(clickhouse)).toEqual([20, 20, 20, 20, 20]);
    const balances = await readText(clickhouse, 'SELECT booked, held, available, sequence FROM balances', {
      format: 'TSV',
    });
    expect(balances).toBe('-3\t0.5\t-3.5\t2\n');
  });
});

test('what the columns cannot hold becomes a dead letter with its bytes and its place; the others are there', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const bad: readonly (readonly [unknown, RegExp])[] = [
      ['{no json', /JSON/],
      [Buffer.from([0x7b, 0xff, 0x7d]), /encoded data|valid/],
      ['[]', /not an object/],
      [
        { ...(ledgerTransaction().value as object), amount: '92233720368547758.08' },
        /amount_minor: 9223372036854775808 is not/,
      ],
      [{ ...(ledgerTransaction().value as object), amount: 10 }, /amount is not a text/],
      [{ ...(ledgerTransaction().value as object), amount: '1.00000' }, /more than 4 decimals/],
      [{ ...(ledgerTransaction().value as object), amount: '1e3' }, /not an amount/],
      [{ ...(ledgerTransaction().value as object), balanceAfter: '1.0' }, /not an amount with 2 decimals/],
      [
        { ...(ledgerTransaction().value as object), occurredAt: '1899-12-31T23:59:59.999Z' },
        /between the years 1900 and 2299/,
      ],
      [{ ...(ledgerTransaction().value as object), occurredAt: '2023-02-29T00:00:00.000Z' }, /occurred_at/],
      [{ ...(ledgerTransaction().value as object), sequence: -1 }, /sequence: -1/],
      [{ ...(ledgerTransaction().value as object), sequence: 2 ** 53 }, /sequence/],
      [{ ...(ledgerTransaction().value as object), source: null }, /source is not an object/],
    ];
    const good = transactions(4);
    const records = [...good.slice(0, 2), ...bad.map(([value]) => ({ value })), ...good.slice(2)];
    const batches = batchesOf('ledger.transactions', 2, 100, records);
    const written = await target(ledgerSinkTables).write(cutOf(1, batches), batches);
    expect(written.rows).toBe(4);
    expect(await counts(clickhouse)).toEqual([4, 4, 4, 4, 4]);
    expect(written.deadLetters.map(({ topic, partition }) => `${topic}-${partition}`)).toEqual(
      bad.map(() => 'clickhouse.dlq-0'),
    );
    written.deadLetters.forEach((letter, i) => {
      const header = (name: string) =>
        String(letter.headers?.find(([found]) => found === `__streams.errors.${name}`)?.[1]);
      expect(header('message')).toMatch(bad[i]![1]);
      expect([header('topic'), header('partition'), header('offset')]).toEqual([
        'ledger.transactions',
        '2',
        String(102 + i),
      ]);
      const value = bad[i]![0];
      expect(Buffer.from(letter.value!)).toEqual(
        Buffer.from(value instanceof Uint8Array ? value : typeof value === 'string' ? value : JSON.stringify(value)),
      );
    });
  });
});

test('a dead letter is a row with its raw bytes; tombstones of compacted topics are no rows', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const header = (name: string, text: string) => [`__streams.errors.${name}`, Buffer.from(text)] as const;
    const headers = [
      ['trace', Buffer.from([1, 255])],
      ['empty', null],
      header('exception', 'SyntaxError'),
      header('message', "it's wrong"),
      header('topic', 'transactions'),
      header('partition', '3'),
      header('offset', '77'),
    ] as const;
    const batches = [
      ...batchesOf('transactions.dlq', 0, 5, [{ key: null, value: Buffer.from([0xff, 0x00, 0x41]), headers }]),
      ...batchesOf('balances', 0, 0, [{ value: null }]),
      ...batchesOf('ledger.daily-summary', 0, 0, [{ value: null }]),
    ];
    expect(await target(ledgerSinkTables).write(cutOf(1, batches), batches)).toEqual({ rows: 1, deadLetters: [] });
    const sql = `SELECT source_topic, source_partition, source_offset, error, message, key IS NULL AS no_key, hex(value) AS value,
      header_names, arrayMap(x -> hex(x), header_values) AS header_values, dead_letter_offset FROM dead_letters_rows`;
    expect(await readRows(clickhouse, sql)).toEqual([
      {
        source_topic: 'transactions',
        source_partition: 3,
        source_offset: '77',
        error: 'SyntaxError',
        message: "it's wrong",
        no_key: 1,
        value: 'FF0041',
        header_names: ['trace', 'empty'],
        header_values: ['01FF', null],
        dead_letter_offset: '5',
      },
    ]);
  });
});

test('refusals and dead letters are seen through their views', async () => {
  await withStore(async ({ clickhouse, target }) => {
    const transaction = { transactionId: 't1', amount: 'NaN', note: 'a "b"' };
    const batches = [
      ...batchesOf('transactions.rejected', 0, 9, [
        {
          value: {
            code: 'AMOUNT_INVALID',
            reason: 'no number',
            transactionId: 't1',
            accountId: 'a1',
            transaction,
            source: { topic: 'transactions', partition: 1, offset: 4 },
          },
        },
      ]),
      ...batchesOf('transactions.dlq', 0, 3, [{ key: 'k', value: Buffer.from([0x41, 0xff]) }]),
    ];
    expect(await target(ledgerSinkTables).write(cutOf(1, batches), batches)).toEqual({ rows: 2, deadLetters: [] });
    expect(await readRows(clickhouse, 'SELECT * FROM rejected_transactions')).toEqual([
      {
        code: 'AMOUNT_INVALID',
        reason: 'no number',
        transaction_id: 't1',
        account_id: 'a1',
        transaction: JSON.stringify(transaction),
        source_topic: 'transactions',
        source_partition: 1,
        source_offset: '4',
        recorded_at: '2023-11-14 22:13:20.000',
      },
    ]);
    const sql = 'SELECT source_topic, source_offset, key, value, dead_letter_offset FROM dead_letters';
    expect(await readRows(clickhouse, sql)).toEqual([
      { source_topic: 'transactions.dlq', source_offset: '3', key: 'k', value: 'A\ufffd', dead_letter_offset: '3' },
    ]);
  });
});
