import { isDeepStrictEqual } from 'node:util';
import { HeadraceError } from '../../errors.ts';
import type { Serde } from '../../serde/serde.ts';

/**
 * The bytes that a serde writes for a value of JSON, which has no whole numbers of 64 bits and no bytes: those are given as decimal text or as
 * a number, and as text or `{"base64": …}`. Throws INPUT_INVALID for a value that the serde does not write, or would read as something else.
 */
export function bytesOf(serde: Serde<unknown>, value: unknown): Uint8Array {
  const type = Array.isArray(value) ? 'array' : typeof value;
  const other = `it is ${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}, which it does not take`;
  let refusal: string | undefined;
  for (const meant of meaningsOf(value)) {
    try {
      const bytes = serde.serialize(meant);
      if (!(bytes instanceof Uint8Array)) continue;
      const read = serde.deserialize(bytes.slice());
      // Objects may gain by being read: a validating serde makes amounts of texts. A text or a number that changes was misread.
      const isObject = typeof meant === 'object' && meant !== null && typeof read === 'object' && read !== null;
      const mayChange = serde.name === 'json' || isObject;
      if (mayChange || isDeepStrictEqual(read, meant)) return bytes;
    } catch (error) {
      // What the value itself was refused for says more than what its other meanings were.
      refusal ??= error instanceof Error ? error.message : String(error);
    }
  }
  throw new HeadraceError(
    'INPUT_INVALID',
    `its serde${serde.name === undefined ? '' : ` (${serde.name})`} refuses it: ${refusal ?? other}`,
  );
}

function meaningsOf(value: unknown): readonly unknown[] {
  const others: unknown[] = [];
  if (typeof value === 'number' && Number.isSafeInteger(value)) others.push(BigInt(value));
  if (typeof value === 'string') {
    if (/^-?\d{1,40}$/.test(value)) others.push(BigInt(value), Number(value));
    others.push(new Uint8Array(Buffer.from(value)));
  }
  const base64 = (value as { readonly base64?: unknown } | null)?.base64;
  if (typeof base64 === 'string') others.unshift(new Uint8Array(Buffer.from(base64, 'base64')));
  return [value, ...others];
}
