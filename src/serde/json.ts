import { HeadraceError } from '../errors.ts';
import { stringSerde } from './primitives.ts';
import type { Serde } from './serde.ts';

/**
 * Values as JSON text in UTF-8. `validate` turns what was parsed into a T, or throws; without it the caller vouches for
 * the topic. Throws DESERIALIZATION_FAILED for what is not JSON, SERIALIZATION_FAILED for what has no JSON (a bigint, a
 * cycle).
 */
export function jsonSerde<T>(validate: (parsed: unknown) => T = (parsed) => parsed as T): Serde<T> {
  return {
    name: 'json',
    serialize: (value) => stringSerde.serialize(stringify(value)),
    deserialize: (bytes) => validate(parse(stringSerde.deserialize(bytes))),
  };
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new HeadraceError('SERIALIZATION_FAILED', `The value has no JSON: ${(cause as Error).message}`, { cause });
  }
  if (text === undefined)
    throw new HeadraceError('SERIALIZATION_FAILED', `A value of type ${typeof value} has no JSON`);
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HeadraceError('DESERIALIZATION_FAILED', `The value is not JSON: ${(cause as Error).message}`, { cause });
  }
}
