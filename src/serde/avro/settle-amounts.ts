import { amountIn, CURRENCY_FIELD, decimalsOf, toText } from './amounts.ts';
import { type AvroType, optionalOf, type RecordType } from './schema.ts';

/** Turns the amounts within a decoded value, which are units still, into texts; returns what takes the value's place. */
export type Settle = (value: unknown, decimals: number) => unknown;

/**
 * Amounts can only be written out once the record that has their currency is read to its end. Returns the function that
 * does it for the amounts of a type whose currency stands outside of it, or undefined where there are none: what has its
 * own currency (a record, a map) settles itself.
 */
export function compileSettle(type: AvroType, path: string, isOutermost = false): Settle | undefined {
  return compile(type, path, isOutermost, new Set());
}

function compile(type: AvroType, path: string, isOutermost: boolean, within: Set<AvroType>): Settle | undefined {
  // A type that holds itself has amounts of its own or none: the outer one has been looked at.
  if (within.has(type)) return undefined;
  const inner = new Set(within).add(type);
  switch (type.kind) {
    case 'record':
      return hasCurrency(type) && !isOutermost ? undefined : record(type, path, inner);
    case 'array': {
      const settle = compile(type.items, `${path}[]`, false, inner);
      return settle && ((value, decimals) => (value as unknown[]).map((item) => settle(item, decimals)));
    }
    case 'map':
      return amountIn(type.values) === undefined ? map(type.values, path, inner) : undefined;
    case 'union': {
      const some = optionalOf(type);
      const settle = some && compile(some, path, false, inner);
      return settle && ((value, decimals) => (value === undefined ? undefined : settle(value, decimals)));
    }
    default: {
      const amount = amountIn(type);
      return amount && ((value, decimals) => toText(value as number | bigint, decimals, amount, path));
    }
  }
}

function record(type: RecordType, path: string, within: Set<AvroType>): Settle | undefined {
  const prefix = path === '' ? '' : `${path}.`;
  const fields = type.fields.flatMap(({ name, type: inner }) => {
    const settle = compile(inner, `${prefix}${name}`, false, within);
    return settle === undefined ? [] : [[name, settle] as const];
  });
  if (fields.length === 0) return undefined;
  return (value, decimals) => {
    const object = value as Record<string, unknown>;
    for (const [name, settle] of fields) {
      const field = object[name];
      if (field !== undefined) object[name] = settle(field, decimals);
    }
    return object;
  };
}

function map(values: AvroType, path: string, within: Set<AvroType>): Settle | undefined {
  const settle = compile(values, `${path}[]`, false, within);
  if (settle === undefined) return undefined;
  return (value, decimals) =>
    Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, settle(item, decimals)]));
}

export function hasCurrency(type: RecordType): boolean {
  return type.fields.some(({ name }) => name === CURRENCY_FIELD);
}

/** Settles what a record has read by its own currency. */
export function settleByOwnCurrency(
  type: RecordType,
  path: string,
): ((object: Record<string, unknown>) => void) | undefined {
  if (!hasCurrency(type)) return undefined;
  const settle = compileSettle(type, path, true);
  return (
    settle &&
    ((object) => {
      settle(object, decimalsOf(object[CURRENCY_FIELD]));
    })
  );
}
