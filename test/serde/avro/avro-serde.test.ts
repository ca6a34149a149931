import avsc from 'avsc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeadraceError } from '../../../src/errors.ts';
import { currencyExponent } from '../../../src/serde/currency.ts';
import { formatMinorUnits } from '../../../src/serde/money.ts';
import { CURRENCIES, minorUnitsArbitrary, valueArbitrary } from './arbitraries.ts';
import { files, registry, schemas, serdeFor, serdeOf, TRANSACTION, topics } from './topics.ts';

const FRAME_BYTES = 5;
const INT64_MAX = 2n ** 63n - 1n;

const codeOf = (action: () => unknown): string | undefined => {
  try {
    action();
  } catch (error) {
    return (error as HeadraceError).code;
  }
  return undefined;
};

/** What anybody reads who has nothing but the .avsc: longs exact as bigint. */
const exactLongs = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(value));
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const plainType = (schema: unknown) =>
  avsc.Type.forSchema(schema as avsc.Schema, {
    typeHook: (each) => {
      const kind = typeof each === 'object' && 'type' in each ? each.type : each;
      return kind === 'long' ? exactLongs : undefined;
    },
  });

describe.each(topics)('the values of %s', (topic) => {
  const serde = serdeOf(topic);
  const type = schemas.get(topic)!;

  it('come back exactly as they were, and any Avro library reads the same bytes', () => {
    const plain = plainType(files.current.get(topic));
    fc.assert(
      fc.property(valueArbitrary(type), (value) => {
        const bytes = serde.serialize(value);
        expect(serde.deserialize(bytes)).toEqual(value);
        expect([...bytes.subarray(0, FRAME_BYTES)]).toEqual([0, 0, 0, 0, registry.idOf(`${topic}-value`)]);
        const body = Buffer.from(bytes.subarray(FRAME_BYTES));
        // What a plain library reads and writes again is byte for byte what we wrote.
        expect(plain.toBuffer(plain.fromBuffer(body)).equals(body)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('are refused when a byte is missing or left over', () => {
    fc.assert(
      fc.property(valueArbitrary(type), fc.nat(), (value, cut) => {
        const bytes = serde.serialize(value);
        const shorter = bytes.subarray(0, cut % bytes.length);
        expect(codeOf(() => serde.deserialize(shorter))).toBe('DESERIALIZATION_FAILED');
        expect(codeOf(() => serde.deserialize(new Uint8Array([...bytes, 0])))).toBe('DESERIALIZATION_FAILED');
      }),
      { numRuns: 50 },
    );
  });
});

describe('an amount', () => {
  const schema = {
    type: 'record',
    name: 'Amount',
    fields: [
      { name: 'amount', type: { type: 'long', logicalType: 'minor-units' } },
      { name: 'currency', type: { type: 'string', logicalType: 'iso-4217' } },
    ],
  };
  const serde = serdeFor(schema);

  it.each(CURRENCIES)(
    'in %s is exact to the last digit up to the limits of the type, also in other libraries',
    (currency) => {
      const plain = plainType(schema);
      fc.assert(
        fc.property(minorUnitsArbitrary(-INT64_MAX, INT64_MAX), (minor) => {
          const value = { amount: formatMinorUnits(minor, currencyExponent(currency)!), currency };
          const bytes = serde.serialize(value);
          expect(serde.deserialize(bytes)).toEqual(value);
          expect(plain.fromBuffer(Buffer.from(bytes.subarray(FRAME_BYTES)))).toMatchObject({ amount: minor, currency });
        }),
        { numRuns: 500 },
      );
    },
  );

  it.each([
    ['too few decimals', { amount: '12.5', currency: 'EUR' }],
    ['none of two', { amount: '12', currency: 'EUR' }],
    ['too many decimals', { amount: '12.500', currency: 'EUR' }],
    ['decimals where the currency has none', { amount: '12.00', currency: 'JPY' }],
    ['one above 64 bits', { amount: '92233720368547758.08', currency: 'EUR' }],
    ['one below 64 bits', { amount: '-92233720368547758.08', currency: 'EUR' }],
    ['far beyond', { amount: '9'.repeat(400), currency: 'JPY' }],
    ['an unknown currency', { amount: '12.00', currency: 'EUX' }],
    ['no currency', { amount: '12.00' }],
    ['a negative zero', { amount: '-0.00', currency: 'EUR' }],
    ['a leading zero', { amount: '012.00', currency: 'EUR' }],
    ['an exponent', { amount: '1e2', currency: 'EUR' }],
    ['a number', { amount: 12, currency: 'EUR' }],
    ['nothing', { currency: 'EUR' }],
  ])('is refused: %s', (_what, value) => {
    expect(codeOf(() => serde.serialize(value))).toBe('SERIALIZATION_FAILED');
  });

  it('of the one number that has no negative is refused in bytes too', () => {
    const bytes = Buffer.concat([
      Buffer.from([0, 0, 0, 0, 1]),
      plainType(schema).toBuffer({ amount: -(2n ** 63n), currency: 'EUR' }),
    ]);
    expect(codeOf(() => serde.deserialize(bytes))).toBe('DESERIALIZATION_FAILED');
  });

  it('takes its currency from the record around, and in a map from the key', () => {
    const results = serdeOf('atm.dispense-results');
    const result = { withdrawalId: 'w', terminalId: 't', status: 'PARTIAL', occurredAt: '2026-01-31T12:00:00Z' };
    expect(codeOf(() => results.serialize({ ...result, taken: '20.00' }))).toBe('SERIALIZATION_FAILED');
    const accounts = serdeOf('accounts');
    const settings = { accountId: 'a', status: 'open', overdraftLimits: { EUR: '500.00', JPY: '500', KWD: '0.001' } };
    expect(accounts.deserialize(accounts.serialize(settings))).toEqual(settings);
    expect(codeOf(() => accounts.serialize({ ...settings, overdraftLimits: { EUX: '1.00' } }))).toBe(
      'SERIALIZATION_FAILED',
    );
    expect(codeOf(() => accounts.serialize({ ...settings, overdraftLimits: { JPY: '1.00' } }))).toBe(
      'SERIALIZATION_FAILED',
    );
  });

  it('of a day may outgrow 64 bits', () => {
    const summaries = serdeOf('ledger.daily-summary');
    const summary = { accountId: 'a', day: '2026-01-31', currency: 'EUR', count: 3, version: 3 };
    const value = { ...summary, credits: `${'9'.repeat(34)}.99`, debits: '0.00' };
    expect(summaries.deserialize(summaries.serialize(value))).toEqual(value);
    expect(codeOf(() => summaries.serialize({ ...value, credits: `${'9'.repeat(35)}.99` }))).toBe(
      'SERIALIZATION_FAILED',
    );
    expect(codeOf(() => summaries.serialize({ ...value, credits: '-0.01' }))).toBe('SERIALIZATION_FAILED');
  });
});

describe('a value', () => {
  const serde = serdeOf('transactions');

  it.each([
    ['with a field that the schema does not have', { ...TRANSACTION, note: 'x' }],
    ['without one that it needs', { ...TRANSACTION, accountId: undefined }],
    ['with a symbol that is none', { ...TRANSACTION, direction: 'both' }],
    ['with a text beyond its bound', { ...TRANSACTION, accountId: 'x'.repeat(201) }],
    ['with half of a surrogate pair', { ...TRANSACTION, accountId: 'a\ud800' }],
    ['with no time', { ...TRANSACTION, occurredAt: 'yesterday' }],
    ['that is no object', 'text'],
    ['that is a list', [TRANSACTION]],
  ])('%s is refused', (_what, value) => {
    expect(codeOf(() => serde.serialize(value))).toBe('SERIALIZATION_FAILED');
  });

  it('leaves optional fields out, whether they were undefined or null', () => {
    const bytes = serde.serialize({ ...TRANSACTION, reference: undefined, description: null });
    expect(serde.deserialize(bytes)).toEqual(TRANSACTION);
    expect(Object.keys(serde.deserialize(bytes) as object)).not.toContain('description');
  });

  it('under an id that the registry does not have is not read', () => {
    const bytes = serde.serialize(TRANSACTION);
    bytes.set([0x7f, 0xff, 0xff, 0xff], 1);
    expect(codeOf(() => serde.deserialize(bytes))).toBe('SCHEMA_UNKNOWN');
  });

  it('under the id of another topic is not taken for one of this', () => {
    const other = serdeOf('atm.timers').serialize({ at: 1 });
    expect(codeOf(() => serde.deserialize(other))).toBe('SCHEMA_INCOMPATIBLE');
  });

  it('whose schema is named by a GUID, in a header or in front, is read', () => {
    const { guid } = files.registered.find(({ subject }) => subject === 'transactions-value')!;
    const header = Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]);
    const body = serde.serialize(TRANSACTION).subarray(FRAME_BYTES);
    expect(serde.deserialize(body, [['__value_schema_id', header]])).toEqual(TRANSACTION);
    expect(serde.deserialize(new Uint8Array([...header, ...body]))).toEqual(TRANSACTION);
    expect(codeOf(() => serde.deserialize(body, [['__value_schema_id', header.subarray(0, 16)]]))).toBe(
      'DESERIALIZATION_FAILED',
    );
    expect(codeOf(() => serde.deserialize(body, [['__key_schema_id', header]]))).toBe('DESERIALIZATION_FAILED');
  });

  it('that claims a list of thousands of millions ends at once', () => {
    const timers = serdeFor({
      type: 'record',
      name: 'R',
      fields: [{ name: 'list', type: { type: 'array', items: 'long' } }],
    });
    const count = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    const started = performance.now();
    expect(codeOf(() => timers.deserialize(new Uint8Array([0, 0, 0, 0, 1, ...count, 2])))).toBe(
      'DESERIALIZATION_FAILED',
    );
    expect(performance.now() - started).toBeLessThan(100);
  });

  it('of a type that holds itself is read, and nested without end is refused', () => {
    const list = {
      type: 'record',
      name: 'Node',
      fields: [
        { name: 'at', type: 'long' },
        { name: 'next', type: ['null', 'Node'], default: null },
      ],
    };
    const lists = serdeFor(list);
    const value = { at: 1, next: { at: 2, next: { at: 3 } } };
    expect(lists.deserialize(lists.serialize(value))).toEqual(value);
    const endless = new Uint8Array(1_000_005).fill(2);
    endless.set([0, 0, 0, 0, 1]);
    expect(codeOf(() => lists.deserialize(endless))).toBe('DESERIALIZATION_FAILED');
  });
});
