import type { Headers } from '../log/record.ts';

/**
 * Turns values into bytes and back. Null never reaches a serde: a null key or value is a null of the record.
 * `deserialize` throws for bytes that it cannot read; the record then goes to dead letters. It may look at the record's
 * headers where there are any: they can name the schema that the bytes were written with.
 */
export interface Serde<T> {
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array, headers?: Headers): T;
}
