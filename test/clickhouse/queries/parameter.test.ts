import { expect, test } from 'vitest';
import { type ParameterValue, parameterText, type QueryParameter } from '../../../src/clickhouse/queries/parameter.ts';

function parameter(type: string, bounds: Partial<QueryParameter> = {}): QueryParameter {
  return { name: 'it', type, description: 'a thing', preset: undefined, min: undefined, max: undefined, ...bounds };
}

const MOMENT = "DateTime64(3, 'UTC')";

test.each<[type: string, given: ParameterValue, text: string]>([
  ['String', "O'Brien \\ \n {a:String}", "O'Brien \\ \n {a:String}"],
  ['String', '', ''],
  ['String', 'a\0b\t', 'a\0b\t'],
  ['UInt64', '18446744073709551615', '18446744073709551615'],
  ['UInt64', 2n ** 64n - 1n, '18446744073709551615'],
  ['UInt16', 65_535, '65535'],
  ['UInt32', '007', '7'],
  ['Date32', '2000-02-29', '2000-02-29'],
  ['Date32', '1900-01-01', '1900-01-01'],
  ['Date32', new Date('2024-03-31T23:30:00+02:00'), '2024-03-31'],
  [MOMENT, '2024-03-31', '2024-03-31 00:00:00.000'],
  [MOMENT, '2024-03-31T01:30:00+02:00', '2024-03-30 23:30:00.000'],
  [MOMENT, '1969-12-31 23:59:59.9999Z', '1969-12-31 23:59:59.999'],
  [MOMENT, new Date(0), '1970-01-01 00:00:00.000'],
])('a %s can be given as %s', (type, given, text) => {
  expect(parameterText(parameter(type), given)).toBe(text);
});

test.each<[type: string, given: ParameterValue]>([
  ['String', 'x'.repeat(1_001)],
  ['UInt64', '18446744073709551616'],
  ['UInt64', '-1'],
  ['UInt16', '65536'],
  ['UInt32', '1.5'],
  ['UInt32', 1e21],
  ['UInt32', Number.NaN],
  ['UInt32', ''],
  ['UInt32', '0x10'],
  ['Date32', '2023-02-29'],
  ['Date32', '2024-13-01'],
  ['Date32', '1899-12-31'],
  ['Date32', '2024-3-1'],
  ['Date32', '2024-03-31T00:00:00Z'],
  ['Date32', new Date(Number.NaN)],
  [MOMENT, '2024-02-30T00:00:00Z'],
  [MOMENT, '2024-03-31T12:00:00'],
  [MOMENT, '2024-03-31T25:00:00Z'],
  [MOMENT, '2300-01-01'],
  [MOMENT, '2299-12-31T23:59:59.999-01:00'],
  [MOMENT, '1700000000'],
])('a %s can not be given as %s', (type, given) => {
  expect(() => parameterText(parameter(type), given)).toThrow(
    expect.objectContaining({
      code: 'PARAMETER_INVALID',
      message: expect.stringMatching(/^it must be .*: it is a thing$/),
    }),
  );
});

test('numbers keep to their bounds', () => {
  const limit = parameter('UInt32', { min: 1n, max: 10n });
  expect(parameterText(limit, 10)).toBe('10');
  for (const given of [0, 11]) expect(() => parameterText(limit, given)).toThrow('a whole number from 1 to 10');
});
