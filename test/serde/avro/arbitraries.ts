import fc from 'fast-check';
import type { AvroType, PrimitiveType } from '../../../src/serde/avro/schema.ts';
import { optionalOf } from '../../../src/serde/avro/schema.ts';
import { currencyExponent } from '../../../src/serde/currency.ts';
import { formatMinorUnits } from '../../../src/serde/money.ts';

/** A currency of each number of decimals that ISO 4217 has: 0, 2, 3 and 4. */
export const CURRENCIES = ['JPY', 'EUR', 'KWD', 'CLF'] as const;
const INT64_MAX = 2n ** 63n - 1n;

type Fields = Record<string, unknown>;

/** Any JSON-shaped value of a schema, with amounts up to the limits of their types. */
export function valueArbitrary(type: AvroType): fc.Arbitrary<unknown> {
  return fc.constantFrom(...CURRENCIES).chain((currency) => shaped(type, currency));
}

/** @param currency of the record around it. */
function shaped(type: AvroType, currency: string): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'record':
      return record(type, currency);
    case 'array':
      return fc.array(shaped(type.items, currency), { maxLength: 4 });
    case 'map':
      return fc
        .dictionary(fc.constantFrom(...CURRENCIES), fc.constant(''))
        .chain((keys) =>
          fc
            .tuple(...Object.keys(keys).map((key) => shaped(type.values, key).map((value) => [key, value] as const)))
            .map((entries) => Object.fromEntries(entries)),
        );
    case 'union':
      // Null says the same as nothing.
      return fc.oneof(
        fc.constant(undefined),
        shaped(optionalOf(type)!, currency).map((value) => value ?? undefined),
      );
    case 'enum':
      return fc.constantFrom(
        ...type.symbols.map((each) => (type.logicalType === 'kebab-case' ? each.replaceAll('_', '-') : each)),
      );
    case 'fixed':
      throw new TypeError('no schema of ours has fixed bytes');
    default:
      return primitive(type, currency);
  }
}

/** A record that names its currency does so for what lies within; a missing one comes with no amounts. */
function record(type: AvroType & { readonly kind: 'record' }, outer: string): fc.Arbitrary<unknown> {
  const own = type.fields.find(({ name }) => name === 'currency');
  const isOptional = own?.type.kind === 'union';
  return fc.tuple(fc.constantFrom(...CURRENCIES), fc.boolean()).chain(([chosen, isThere]) => {
    const currency = own === undefined ? outer : chosen;
    const fields = type.fields.map(({ name, type: inner }) => {
      if (name === 'currency') return fc.constant([name, isOptional && !isThere ? undefined : currency] as const);
      const isLeftOut = isOptional && !isThere && inner.kind === 'union' && isAmount(optionalOf(inner)!);
      return (isLeftOut ? fc.constant(undefined) : shaped(inner, currency)).map((value) => [name, value] as const);
    });
    return fc.tuple(...fields).map((entries) => {
      const object: Fields = {};
      for (const [name, value] of entries) if (value !== undefined) object[name] = value;
      return object;
    });
  });
}

function isAmount(type: AvroType): boolean {
  return 'logicalType' in type && (type.logicalType === 'minor-units' || type.logicalType === 'decimal');
}

/** The limits come up as often as everything else together. */
export function minorUnitsArbitrary(min: bigint, max: bigint): fc.Arbitrary<bigint> {
  const limits = [min, max, min + 1n, max - 1n, 0n, 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 49n, 64n];
  return fc.oneof(
    fc.constantFrom(...limits.filter((each) => each >= min && each <= max)),
    fc.bigInt({ min, max }),
    fc.bigInt({ min: min > -1000n ? min : -1000n, max: 100_000n }),
  );
}

function primitive(type: PrimitiveType, currency: string): fc.Arbitrary<unknown> {
  const exponent = currencyExponent(currency)!;
  const minimum = type.minimum === undefined ? undefined : BigInt(type.minimum);
  const amount = (max: bigint) =>
    minorUnitsArbitrary(minimum ?? -max, max).map((minor) => formatMinorUnits(minor, exponent));
  switch (type.logicalType) {
    case 'minor-units':
      return amount(INT64_MAX);
    case 'decimal':
      return amount(10n ** BigInt(38 - 4 + exponent) - 1n);
    case 'decimal-text':
      return fc.bigInt({ min: 0n, max: INT64_MAX }).map((minor) => formatMinorUnits(minor, exponent));
    case 'timestamp-millis':
      return fc.integer({ min: -2_208_988_800_000, max: 10_413_791_999_999 }).map((at) => new Date(at).toISOString());
    case 'date':
      return fc
        .integer({ min: -25_567, max: 120_529 })
        .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
    case 'rfc-3339':
      return fc.constantFrom(
        '2026-01-31T12:00:00Z',
        '2026-01-31',
        '1999-12-31T23:59:60.123456789+14:00',
        '2026-01-31T12:00',
      );
    case 'iso-4217':
      return fc.constantFrom(...CURRENCIES);
    case 'iso-4217-or-empty':
      return fc.constantFrom(...CURRENCIES);
    case 'json':
      return fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    default:
      return plain(type);
  }
}

function plain({ kind, minimum, maxLength }: PrimitiveType): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer({ min: minimum ?? -(2 ** 31), max: 2 ** 31 - 1 });
    case 'long':
      return fc.oneof(
        fc.maxSafeInteger().filter((each) => each >= (minimum ?? each)),
        fc.constantFrom(Number.MAX_SAFE_INTEGER, minimum ?? Number.MIN_SAFE_INTEGER),
      );
    case 'string':
      return fc
        .oneof(
          fc.string({ maxLength: Math.min(maxLength ?? 40, 40) }),
          fc.string({ unit: 'binary', maxLength: Math.min(maxLength ?? 100, 100) / 2 }),
          fc.constant('x'.repeat(maxLength ?? 100)),
        )
        .filter((text) => text.length <= (maxLength ?? text.length));
    default:
      throw new TypeError(`no schema of ours has ${kind}`);
  }
}
