import { isDeepStrictEqual } from 'node:util';
import { HeadraceError } from '../../errors.ts';
import type { Serde } from '../../serde/serde.ts';

/**
 * The key that a person means by a text: what the text is as JSON, where the store's serde writes and reads that (a number, an
 * object), else the text itself, or its bytes. Throws USAGE where the serde takes neither.
 */
export function keyOf(serde: Serde<unknown>, text: string): unknown {
  for (const key of meanings(text)) {
    const read = readBack(serde, key);
    if (read !== undefined) return read;
  }
  throw new HeadraceError(
    'USAGE',
    `'${text}' is no key of this store: give it as text, or as JSON in the key's own shape`,
  );
}

function meanings(text: string): readonly unknown[] {
  const others: readonly unknown[] = [
    ...(/^-?\d+$/.test(text) ? [BigInt(text)] : []),
    new Uint8Array(Buffer.from(text)),
  ];
  try {
    const parsed = JSON.parse(text) as unknown;
    return parsed === null ? [text] : [parsed, text, ...others];
  } catch {
    return [text, ...others];
  }
}

/** Undefined: the serde does not write it, or what it writes means something else. */
function readBack(serde: Serde<unknown>, key: unknown): unknown {
  try {
    const bytes = serde.serialize(key);
    if (!(bytes instanceof Uint8Array)) return undefined;
    const read = serde.deserialize(bytes.slice());
    return isDeepStrictEqual(read, key) ? read : undefined;
  } catch {
    return undefined;
  }
}
