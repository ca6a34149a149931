import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topicFormats } from '../../../src/app/formats/topic-formats.ts';
import { Transcoder } from '../../../src/clickhouse/field-table/transcoder.ts';
import { RowBytes } from '../../../src/clickhouse/row-binary/row-bytes.ts';
import { CutRows } from '../../../src/clickhouse/sink/cut-rows.ts';
import type { SinkTable } from '../../../src/clickhouse/sink-table.ts';
import type { Headers } from '../../../src/log/record.ts';
import { currencyExponent } from '../../../src/serde/currency.ts';
import { formatMinorUnits } from '../../../src/serde/money.ts';
import { ledgerSinkTables } from '../../../topologies/account-ledger/sink-tables.ts';
import { CURRENCIES, valueArbitrary } from '../../serde/avro/arbitraries.ts';
import { registry, schemas, serdeOf } from '../../serde/avro/topics.ts';
import { batchesOf } from '../record-batches.ts';

const formats = topicFormats({ format: 'avro', registry, schemas });

/** Texts of every length of UTF-8, and what a decoder could take for something else. */
const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    '\u{feff}with a mark',
    'Grüße',
    '付款',
    '🏦'.repeat(16),
    'x'.repeat(127),
    'x'.repeat(128),
    'y'.repeat(250),
  ),
);
const optional = fc.option(text, { nil: undefined });
const units = fc.oneof(fc.integer({ min: 1, max: 9_999_999 }), fc.constantFrom(1, 63, 64, 2 ** 32, 2 ** 47));
const time = fc
  .date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('2299-12-31T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const count = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(2 ** 31, 2 ** 40));
const amountIn = (currency: string, minor: number) => formatMinorUnits(BigInt(minor), currencyExponent(currency)!);
const direction = fc.constantFrom('credit', 'debit');
const currencyOf = fc.constantFrom(...CURRENCIES);

const transaction = fc
  .record({
    id: text,
    account: text,
    currency: currencyOf,
    amount: units,
    balance: fc.integer(),
    held: fc.nat(),
    direction,
    time,
    sequence: count,
  })
  .chain((of) =>
    fc
      .record({ channel: optional, counterparty: optional, description: optional, reference: optional })
      .map(({ channel, ...rest }) => {
        const leg = {
          ledgerAccount: `customer:${of.account}`,
          direction: of.direction,
          amount: amountIn(of.currency, of.amount),
          currency: of.currency,
        };
        const value = {
          transactionId: of.id,
          accountId: of.account,
          direction: of.direction,
          amount: amountIn(of.currency, of.amount),
          currency: of.currency,
          occurredAt: of.time,
          kind: of.sequence % 2 === 0 ? 'posting' : 'request',
          channel: channel?.slice(0, 60),
          ...rest,
          sequence: of.sequence,
          balanceAfter: amountIn(of.currency, of.balance),
          availableAfter: amountIn(of.currency, of.balance - of.held),
          isOverdrawn: of.balance < 0,
          postings: [
            leg,
            { ...leg, ledgerAccount: 'cash:atm', direction: of.direction === 'credit' ? 'debit' : 'credit' },
          ],
          source: { topic: 'transactions', partition: of.held % 50, offset: of.held },
        };
        return JSON.parse(JSON.stringify(value)) as unknown;
      }),
  );
const posting = fc
  .record({
    accountId: text,
    transactionId: text,
    sequence: count,
    leg: fc.nat(9),
    ledgerAccount: text,
    direction,
    amount: units,
    currency: currencyOf,
    occurredAt: time,
  })
  .map((value) => ({ ...value, amount: amountIn(value.currency, value.amount) }));
const balances = fc.record({
  accountId: text,
  sequence: fc.nat(),
  version: count,
  balances: fc.array(
    fc.record({ currency: currencyOf, booked: fc.integer(), held: fc.nat() }).map(({ currency, booked, held }) => ({
      currency,
      booked: amountIn(currency, booked),
      held: amountIn(currency, held),
      available: amountIn(currency, booked - held),
    })),
    { maxLength: 16 },
  ),
  occurredAt: time,
});
const summary = fc
  .record({
    accountId: text,
    day: time,
    currency: currencyOf,
    credits: fc.nat(),
    debits: fc.nat(),
    count,
    version: count,
  })
  .map((value) => ({
    ...value,
    day: value.day.slice(0, 10),
    credits: amountIn(value.currency, value.credits),
    debits: amountIn(value.currency, value.debits),
  }));

const USUAL: readonly (readonly [topic: string, value: fc.Arbitrary<unknown>])[] = [
  ['ledger.transactions', transaction],
  ['postings', posting],
  ['balances', balances],
  ['ledger.daily-summary', summary],
];

interface Written {
  /** Hexadecimal: vitest compares texts in a fraction of the time that arrays of numbers take. */
  readonly rows: readonly string[];
  readonly refused: readonly string[];
}

/** What a cut with these values becomes: by the general way, or with the transcoder in front of it. */
function written(
  table: SinkTable,
  values: readonly (Uint8Array | null)[],
  transcoder?: Transcoder,
  headers?: Headers,
): Written {
  const rows = new CutRows(new Map([[table.topic, { table, transcoder }]]), formats.decodeValue);
  const records = values.map((value) => ({ value, ...(headers === undefined ? {} : { headers }) }));
  for (const batch of batchesOf(table.topic, 0, 5, records)) rows.add(batch);
  expect(rows.isBroken).toBe(false);
  return {
    rows: rows.tables.map((one) => Buffer.concat(one.pieces()).toString('hex')),
    refused: rows.refused.map(({ batch, index, error }) => `${batch.offsetAt(index)}: ${(error as Error).message}`),
  };
}

/** How many values the transcoder takes by itself. */
function taken(transcoder: Transcoder, topic: string, values: readonly Uint8Array[]): number {
  let count = 0;
  for (const batch of batchesOf(
    topic,
    0,
    0,
    values.map((value) => ({ value })),
  )) {
    for (let i = 0; i < batch.length; i++) if (transcoder.append(batch, i, new RowBytes()) >= 0) count++;
  }
  return count;
}

describe.each(USUAL)('rows of %s', (topic, usual) => {
  const table = ledgerSinkTables.find((each) => each.topic === topic)!;
  const transcoder = Transcoder.of(table, formats.scannerOf!)!;
  const serde = serdeOf(topic);

  it('are the same to the byte whichever way they are made, and usual values take the short one', () => {
    fc.assert(
      fc.property(fc.array(usual, { minLength: 1, maxLength: 8 }), (values) => {
        const bytes = values.map((value) => Buffer.from(serde.serialize(value)));
        expect(written(table, bytes, transcoder)).toEqual(written(table, bytes));
        expect(taken(transcoder, topic, bytes)).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same for every value of the schema, up to the limits of its types', () => {
    fc.assert(
      fc.property(valueArbitrary(schemas.get(topic)!), (value) => {
        const bytes = [Buffer.from(serde.serialize(value))];
        expect(written(table, bytes, transcoder)).toEqual(written(table, bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('are the same, or none with the same reason, for damaged values', () => {
    const damage = fc.tuple(
      usual,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }),
      fc.integer({ min: -3, max: 3 }),
    );
    fc.assert(
      fc.property(damage, ([value, changes, longer]) => {
        const bytes = Buffer.from(serde.serialize(value));
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const damaged =
          longer > 0 ? Buffer.concat([bytes, Buffer.alloc(longer)]) : bytes.subarray(0, bytes.length + longer);
        expect(written(table, [damaged], transcoder)).toEqual(written(table, [damaged]));
      }),
      { numRuns: 1_500 },
    );
  });

  it('are the same with every single bit flipped', () => {
    const [value] = fc.sample(usual, { seed: 7, numRuns: 1 });
    const bytes = Buffer.from(serde.serialize(value));
    const all = Array.from({ length: bytes.length * 8 }, (_, bit) => {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      return damaged;
    });
    expect(written(table, all, transcoder)).toEqual(written(table, all));
  });

  it('are the same for tombstones, JSON, and a schema that a header names', () => {
    const [value] = fc.sample(usual, { seed: 9, numRuns: 1 });
    const framed = Buffer.from(serde.serialize(value));
    const others = [null, Buffer.from(JSON.stringify(value)), Buffer.alloc(0), Buffer.from([0, 0, 0])];
    expect(written(table, others, transcoder)).toEqual(written(table, others));
    const named: Headers = [
      ['trace', Buffer.from('1')],
      ['__value_schema_id', framed.subarray(0, 5)],
    ];
    const body = [framed.subarray(5)];
    expect(written(table, body, transcoder, named)).toEqual(written(table, [framed]));
    expect(written(table, [framed], transcoder, [['trace', null]])).toEqual(written(table, [framed]));
  });
});

it('a table whose rows are made by another function has no short way', () => {
  const [table] = ledgerSinkTables;
  expect(Transcoder.of(table!, formats.scannerOf!)).toBeDefined();
  expect(Transcoder.of({ ...table!, rows: () => [] }, formats.scannerOf!)).toBeUndefined();
  expect(Transcoder.of({ ...table!, columns: table!.columns.slice(1) }, formats.scannerOf!)).toBeUndefined();
});
