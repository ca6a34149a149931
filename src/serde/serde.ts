import type { Headers } from '../log/record.ts';

/**
 * Turns values into bytes and back. Null never reaches a serde: a null key or value is a null of the record.
 * `deserialize` throws for bytes that it cannot read; the record then goes to dead letters. It may look at the record's
 * headers where there are any: they can name the schema that the bytes were written with.
 */
export interface Serde<T> {
  /**
   * What plans call it: two of one name read each other's bytes. With it `headrace topology diff` and the start can tell when
   * what is on disk would be read by another serde.
   */
  readonly name?: string;
  /** Throws what names the value that has no bytes: it then fails its own record. */
  serialize(value: T): Uint8Array;
  /** Throws for bytes that it cannot read. */
  deserialize(bytes: Uint8Array, headers?: Headers): T;
}

/**
 * A serde of exactly these values. A method takes what is wider or narrower alike, so a {@link Serde} of refunds would do for a
 * stream of payments, and fail for the first payment that is none; where a serde is given for values that are known, it must be of
 * their own type.
 */
export type ExactSerde<T> = Serde<T> & {
  /** As {@link Serde.serialize}. */
  readonly serialize: (value: T) => Uint8Array;
};
