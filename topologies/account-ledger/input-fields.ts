import type { TransactionInput } from './events.ts';

/** Own fields only: an input may have fields with the names of Object's own. Null counts as absent. */
export function field(input: TransactionInput, name: string): unknown {
  return Object.hasOwn(input, name) ? (input[name] ?? undefined) : undefined;
}

/** For rules behind FIELD_INVALID, where the field is known to be a text. */
export function text(input: TransactionInput, name: string): string {
  return field(input, name) as string;
}

export function hasLoneSurrogate(value: string): boolean {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value);
}

export function quoted(value: string): string {
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
}
