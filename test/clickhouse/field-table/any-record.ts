import fc from 'fast-check';
import { type Cell, cells } from '../../../src/clickhouse/field-table/cells.ts';
import { toTwosComplement } from '../../../src/serde/avro/amounts.ts';

/** A field as its schema, its bytes, and the columns that can hold it. */
interface Kind {
  readonly type: unknown;
  /** Types that a writer may have in its place: with the same bytes and another meaning, or with another limit. */
  readonly others: readonly unknown[];
  readonly bytes: fc.Arbitrary<Buffer>;
  readonly columns: readonly (readonly [type: string, cell: (path: string) => Cell])[];
}

/** A record has many parts, and one that is unusual is enough for the whole. */
export const rarely = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 30, arbitrary: usual }, { weight: 1, arbitrary: other });

const varint = (value: bigint) => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
};
/** The same number in more bytes than it needs. */
const padded = (bytes: Buffer, more: number) =>
  more === 0
    ? bytes
    : Buffer.concat([
        bytes.subarray(0, -1),
        Buffer.from([bytes.at(-1)! | 0x80]),
        Buffer.alloc(more - 1, 0x80),
        Buffer.from([0]),
      ]);
const LIMITS = [0, 6, 7, 13, 14, 15, 20, 31, 32, 41, 47, 48, 49, 53, 62, 63].flatMap((bits) =>
  [-1n, 0n, 1n].flatMap((by) => [2n ** BigInt(bits) + by, -(2n ** BigInt(bits)) + by]),
);
const number = ([least, most]: readonly [bigint, bigint], ...limits: readonly bigint[]) =>
  fc
    .tuple(
      rarely(
        fc.bigInt({ min: least, max: most }),
        fc.constantFrom(
          ...LIMITS.filter((each) => BigInt.asIntN(64, each) === each),
          ...Array.from({ length: 8 }, () => limits.flatMap((each) => [each - 1n, each, each + 1n])).flat(),
        ),
      ),
      rarely(fc.constant(0), fc.nat(3)),
    )
    .map(([value, more]) => padded(varint(value), more));
const prefixed = (bytes: Buffer) => Buffer.concat([varint(BigInt(bytes.length)), bytes]);
const text = rarely(
  fc.oneof(fc.string({ maxLength: 8 }), fc.string({ unit: 'grapheme', maxLength: 4 })).map((each) => Buffer.from(each)),
  fc.oneof(
    fc
      .constantFrom('\u{feff}', '\0', 'ü'.repeat(10), 'x'.repeat(48), 'x'.repeat(49), 'x'.repeat(127))
      .map((each) => Buffer.from(each)),
    fc.constantFrom(128, 16_383, 16_384, 65_536, 65_537).map((length) => Buffer.alloc(length, 'z')),
    fc.constantFrom('eda080', 'ff', 'c080', 'f4908080', 'efbfbf').map((hex) => Buffer.from(hex, 'hex')),
  ),
).map(prefixed);
const TEXT_COLUMNS = [
  ['String', cells.text],
  ['LowCardinality(String)', cells.text],
  ['String', cells.optionalText],
] as const;
const DAY = 86_400_000n;
const EARLIEST = BigInt(Date.UTC(1900, 0, 1));
const LATEST = BigInt(Date.UTC(2300, 0, 1));
const whole = (type: object | string, others: readonly unknown[], ...limits: readonly bigint[]): Kind => ({
  type,
  others,
  bytes: number([5n, 2n ** 31n - 1n], ...limits),
  columns: [
    ['UInt32', cells.plain],
    ['UInt64', cells.plain],
    ['Int64', cells.plain],
  ],
});
const decimal = (annotations: object, ...others: readonly unknown[]): Kind => ({
  type: { type: 'bytes', logicalType: 'decimal', ...annotations },
  others,
  bytes: rarely(
    fc.bigInt({ min: 0n, max: 2n ** 33n }).map((each) => each * 10_000n),
    fc.oneof(
      fc.constantFrom(1n, 10n, 100n, 1_000n, 2n ** 47n - 1n, -(2n ** 47n), 2n ** 47n, 2n ** 126n),
      fc.bigInt({ min: -300n, max: 300n }).map((each) => each * 10_000n),
      fc.bigInt({ min: -(2n ** 48n), max: 2n ** 48n }),
    ),
  ).map((value) => prefixed(Buffer.from(toTwosComplement(value)))),
  columns: [
    ['Int128', cells.minor],
    ['UInt8', cells.decimals],
  ],
});

const KINDS: readonly Kind[] = [
  {
    type: 'string',
    others: [
      { type: 'string', logicalType: 'rfc-3339' },
      { type: 'string', maxLength: 1 },
    ],
    bytes: text,
    columns: TEXT_COLUMNS,
  },
  { type: { type: 'string', maxLength: 12 }, others: ['string'], bytes: text, columns: TEXT_COLUMNS },
  {
    type: ['null', 'string'],
    others: [['string', 'null']],
    bytes: fc.oneof(
      fc.constant(Buffer.from([0])),
      text.map((each) => Buffer.concat([Buffer.from([2]), each])),
    ),
    columns: [['String', cells.optionalText]],
  },
  {
    type: ['string', 'null'],
    others: [['null', 'string']],
    bytes: fc.oneof(
      fc.constant(Buffer.from([2])),
      text.map((each) => Buffer.concat([Buffer.from([0]), each])),
    ),
    columns: [['String', cells.optionalText]],
  },
  whole('long', [
    { type: 'long', logicalType: 'timestamp-micros' },
    { type: 'long', logicalType: 'minor-units' },
    'int',
  ]),
  whole({ type: 'long', minimum: 5 }, ['long'], 5n),
  whole('int', ['long', { type: 'int', logicalType: 'date' }], 2n ** 31n, -(2n ** 31n)),
  whole({ type: 'int', minimum: 1 }, ['int'], 1n),
  {
    type: 'boolean',
    others: ['int'],
    bytes: rarely(fc.constantFrom(0, 1), fc.constant(2)).map((each) => Buffer.from([each])),
    columns: [['Bool', cells.plain]],
  },
  {
    type: { type: 'long', logicalType: 'timestamp-millis' },
    others: ['long', { type: 'long', logicalType: 'timestamp-micros' }, { type: 'long', logicalType: 'minor-units' }],
    bytes: number([EARLIEST, LATEST - 1n], EARLIEST, LATEST, 0n),
    columns: [["DateTime64(3, 'UTC')", cells.text]],
  },
  {
    type: { type: 'int', logicalType: 'date' },
    others: ['int', { type: 'int', logicalType: 'time-millis' }],
    bytes: number([EARLIEST / DAY, LATEST / DAY - 1n], EARLIEST / DAY, LATEST / DAY, 0n),
    columns: [['Date32', cells.text]],
  },
  {
    type: { type: 'long', logicalType: 'minor-units' },
    others: ['long', { type: 'long', logicalType: 'timestamp-millis' }],
    bytes: number([-(2n ** 47n), 2n ** 47n - 1n]),
    columns: [
      ['Int64', cells.minor],
      ['UInt8', cells.decimals],
    ],
  },
  decimal({ precision: 38, scale: 4 }, { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 2 }, 'bytes'),
  decimal({ scale: 4, minimum: 0 }),
];

/** Decimals that can't be scanned. */
const RARE_KINDS: readonly Kind[] = [
  decimal({ precision: 10, scale: 4 }, { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 4 }),
  decimal({ precision: 38, scale: 2 }),
  decimal({}),
  decimal({ precision: 38, scale: 40 }),
];

const NAMED: readonly ((name: string) => Kind)[] = [
  (name) => ({
    type: { type: 'enum', name: `E${name}`, symbols: ['one_two', 'b', 'c'], logicalType: 'kebab-case' },
    others: [
      { type: 'enum', name: `E${name}`, symbols: ['one_two', 'b', 'c'] },
      { type: 'enum', name: `E${name}`, symbols: ['b', 'one_two', 'c'] },
      { type: 'enum', name: `Other${name}`, symbols: ['one_two', 'b', 'c'] },
    ],
    bytes: number([0n, 2n], 0n, 2n),
    columns: TEXT_COLUMNS.slice(0, 2),
  }),
];

const CURRENCY_TYPE = { type: 'string', logicalType: 'iso-4217' };
const currency: Kind = {
  type: CURRENCY_TYPE,
  others: ['string'],
  bytes: rarely(fc.constantFrom('EUR', 'JPY', 'KWD', 'CLF'), fc.constantFrom('XXX', 'eur', 'EU', 'EURO')).map((each) =>
    prefixed(Buffer.from(each)),
  ),
  columns: TEXT_COLUMNS.slice(0, 2),
};

/** A part of a schema that was put together by chance. */
export interface Part {
  readonly type: unknown;
  /** As a writer may have it. */
  readonly written: unknown;
  readonly bytes: fc.Arbitrary<Buffer>;
  /** By path. */
  readonly columns: readonly (readonly [path: string, type: string, cell: (path: string) => Cell])[];
}

function leaf(name: string, isCurrency: boolean): fc.Arbitrary<Part> {
  const kind = isCurrency
    ? fc.constant(currency)
    : rarely(fc.constantFrom(...KINDS, ...NAMED.map((make) => make(name))), fc.constantFrom(...RARE_KINDS));
  return kind.chain(({ type, others, bytes, columns }) =>
    rarely(fc.constant(type), fc.constantFrom(type, ...others)).map((written) => ({
      type,
      written,
      bytes,
      columns: columns.map(([column, cell]) => ['', column, cell] as const),
    })),
  );
}

/** Records with their bytes: mostly such as a writer writes, some beyond a limit or of another writer. */
export function record(name: string, depth: number): fc.Arbitrary<Part> {
  const field = (at: number): fc.Arbitrary<Part> => {
    const inner = `${name}_${at}`;
    return depth === 0
      ? leaf(inner, false)
      : fc.oneof(
          { weight: 5, arbitrary: leaf(inner, false) },
          { weight: 1, arbitrary: record(inner, depth - 1) },
          { weight: 1, arbitrary: list(inner, depth - 1) },
        );
  };
  return fc
    .tuple(
      fc.tuple(...Array.from({ length: 5 }, (_, at) => field(at))),
      fc.integer({ min: 1, max: 5 }),
      fc.nat(2),
      leaf(name, true),
      fc.integer({ min: 0, max: 9 }),
      rarely(fc.constant(name), fc.constant(`Other${name}`)),
    )
    .map(([all, count, currencyAt, ofCurrency, luck, writtenName]) => {
      const parts: (readonly [string, Part])[] = all.slice(0, count).map((part, at) => [`f${at}`, part]);
      if (luck > 0) parts.splice(currencyAt, 0, ['currency', ofCurrency]);
      const fields = (of: (part: Part) => unknown) => parts.map(([at, part]) => ({ name: at, type: of(part) }));
      return {
        type: { type: 'record', name, fields: fields(({ type }) => type) },
        written: { type: 'record', name: writtenName, fields: fields(({ written }) => written) },
        bytes: fc.tuple(...parts.map(([, { bytes }]) => bytes)).map((each) => Buffer.concat(each)),
        columns: parts.flatMap(([at, part]) =>
          part.columns.map(
            ([path, ...rest]) => [path === '' ? at : `${at}${path[0] === '[' ? '' : '.'}${path}`, ...rest] as const,
          ),
        ),
      };
    });
}

const block = (items: readonly Buffer[]) => Buffer.concat([varint(BigInt(items.length)), ...items]);

function list(name: string, depth: number): fc.Arbitrary<Part> {
  return record(name, depth).map(({ type, written, bytes, columns }) => ({
    type: { type: 'array', items: type },
    written: { type: 'array', items: written },
    bytes: fc.oneof(
      {
        weight: 8,
        arbitrary: fc
          .array(fc.array(bytes, { minLength: 1, maxLength: 2 }), { maxLength: 2 })
          .map((blocks) => Buffer.concat([...blocks.map(block), varint(0n)])),
      },
      {
        weight: 1,
        arbitrary: fc
          .array(bytes, { minLength: 15, maxLength: 17 })
          .map((items) => Buffer.concat([block(items), varint(0n)])),
      },
      // A negative number of items comes with their bytes.
      {
        weight: 1,
        arbitrary: fc
          .array(bytes, { minLength: 1, maxLength: 2 })
          .map((items) => Buffer.concat([varint(-BigInt(items.length)), prefixed(Buffer.concat(items)), varint(0n)])),
      },
    ),
    columns: columns
      .filter(([path]) => !path.includes('[]'))
      .map(([path, ...rest]) => [`[].${path}`, ...rest] as const),
  }));
}
