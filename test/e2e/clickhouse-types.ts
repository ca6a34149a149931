/** A column of every type: what goes in as SQL, what @clickhouse/client shows in JSON, and Python's repr of what clickhouse-connect reads. */
export interface TypeCase {
  readonly name: string;
  readonly type: string;
  readonly sql: string;
  readonly json: unknown;
  readonly python: string;
}

const of = (name: string, type: string, sql: string, json: unknown, python: string): TypeCase => ({
  name,
  type,
  sql,
  json,
  python,
});

const integer = (bits: number): readonly TypeCase[] => {
  const [min, max] = [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits) - 1n];
  const shown = (value: bigint) => (bits < 64 ? Number(value) : String(value));
  return [
    of(`i${bits}`, `Int${bits}`, `toInt${bits}('${min}')`, shown(min), String(min)),
    of(`u${bits}`, `UInt${bits}`, `toUInt${bits}('${max}')`, shown(max), String(max)),
  ];
};

const decimal = (bits: number, digits: number, scale: number): TypeCase => {
  const value = `-${'9'.repeat(digits - scale)}.${'9'.repeat(scale)}`;
  return of(
    `d${bits}`,
    `Decimal(${digits}, ${scale})`,
    `toDecimal${bits}('${value}', ${scale})`,
    value,
    `Decimal('${value}')`,
  );
};

/** A moment with milliseconds in summer, when Prague is two hours ahead. */
const SUMMER = "toDateTime64('2026-07-01 12:30:45.678', 3, 'Europe/Prague')";
const UUID = '61f0c404-5cb3-11e7-907b-a6006ad3dba0';

export const TYPES: readonly TypeCase[] = [
  ...[8, 16, 32, 64, 128, 256].flatMap(integer),
  of('f32', 'Float32', 'toFloat32(0.5)', 0.5, '0.5'),
  of('f64', 'Float64', '1.1', 1.1, '1.1'),
  decimal(32, 9, 2),
  decimal(64, 18, 4),
  decimal(128, 38, 4),
  decimal(256, 76, 20),
  of('b', 'Bool', 'true', true, 'True'),
  of('s', 'String', "'it\\'s €, \"x\"\\n'", 'it\'s €, "x"\n', `'it\\'s €, "x"\\n'`),
  of('fs', 'FixedString(3)', "'abc'", 'abc', "b'abc'"),
  of('day', 'Date', "toDate('2026-02-28')", '2026-02-28', 'datetime.date(2026, 2, 28)'),
  of('day32', 'Date32', "toDate32('1900-01-01')", '1900-01-01', 'datetime.date(1900, 1, 1)'),
  of(
    't',
    "DateTime('UTC')",
    "toDateTime('2026-02-28 23:59:59', 'UTC')",
    '2026-02-28 23:59:59',
    '2026-02-28T23:59:59+00:00',
  ),
  of('t64', "DateTime64(3, 'Europe/Prague')", SUMMER, '2026-07-01 12:30:45.678', '2026-07-01T12:30:45.678000+02:00'),
  of('id', 'UUID', `toUUID('${UUID}')`, UUID, `UUID('${UUID}')`),
  of('ip4', 'IPv4', "toIPv4('10.1.2.3')", '10.1.2.3', "IPv4Address('10.1.2.3')"),
  of('ip6', 'IPv6', "toIPv6('2001:db8::1')", '2001:db8::1', "IPv6Address('2001:db8::1')"),
  of('e8', "Enum8('credit' = 1, 'debit' = -2)", "'debit'", 'debit', "'debit'"),
  of('e16', "Enum16('a' = 1000, 'b' = 2000)", "'b'", 'b', "'b'"),
  of('lc', 'LowCardinality(String)', "'EUR'", 'EUR', "'EUR'"),
  of('lcn', 'LowCardinality(Nullable(String))', 'NULL', null, 'None'),
  of('n', 'Nullable(Int64)', 'NULL', null, 'None'),
  of('n1', 'Nullable(Decimal(18, 4))', "toDecimal64('1.5', 4)", '1.5', "Decimal('1.5000')"),
  of('a', 'Array(Int64)', '[1, -9007199254740993]', ['1', '-9007199254740993'], '[1, -9007199254740993]'),
  of('aa', 'Array(Array(Nullable(String)))', "[['a', NULL], []]", [['a', null], []], "[['a', None], []]"),
  of(
    'm',
    'Map(String, Decimal(18, 4))',
    "map('EUR', toDecimal64('1.25', 4))",
    { EUR: '1.25' },
    "{'EUR': Decimal('1.2500')}",
  ),
  of('tu', 'Tuple(a Int32, b String)', "(1, 'x')", { a: 1, b: 'x' }, "{'a': 1, 'b': 'x'}"),
  of('tu0', 'Tuple(UInt8, Array(String))', "(1, ['x'])", [1, ['x']], "(1, ['x'])"),
  of('nested.x', 'Array(UInt8)', '[1, 2]', [1, 2], '[1, 2]'),
  of('nested.y', 'Array(String)', "['p', 'q']", ['p', 'q'], "['p', 'q']"),
  of('j', 'JSON', `'{"a": 1, "b": {"c": "x"}}'`, { a: '1', b: { c: 'x' } }, "{'a': 1, 'b': {'c': 'x'}}"),
];

/** The statements that make headrace.kinds with one row. */
export function tableOfTypes(): readonly string[] {
  const columns = TYPES.map(({ name, type }) => `\`${name}\` ${type}`).join(', ');
  const values = TYPES.map(({ sql }) => sql).join(', ');
  return [
    `CREATE TABLE headrace.kinds (${columns}) ENGINE = MergeTree ORDER BY i8`,
    `INSERT INTO headrace.kinds SELECT ${values}`,
  ];
}
