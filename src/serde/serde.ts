/**
 * Turns values into bytes and back. Null never reaches a serde: a null key or value is a null of the record.
 * `deserialize` throws for bytes that it cannot read; the record then goes to dead letters.
 */
export interface Serde<T> {
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}
