/**
 * A value of a store as JSON can have it: whole numbers beyond JSON's as decimal text, maps as objects where their keys are text (else
 * as lists of pairs), sets as lists, times as RFC 3339, bytes as base64 under a name that says so.
 */
export function plainJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Map) {
    const entries = [...value].map(([key, each]) => [key, plainJson(each)] as const);
    if (entries.every(([key]) => typeof key === 'string')) return Object.fromEntries(entries);
    return entries.map(([key, each]) => [plainJson(key), each]);
  }
  if (Array.isArray(value) || value instanceof Set) return [...value].map(plainJson);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainJson(each)]));
}
