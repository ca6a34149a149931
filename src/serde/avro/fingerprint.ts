import { createHash } from 'node:crypto';

/**
 * What tells two schemas apart: SHA-256 over their JSON without white space, keys in order. Everything counts, texts of
 * `doc` too, so that a registered schema is never changed unnoticed.
 */
export function fingerprintOf(schema: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered(schema)))
    .digest('hex');
}

/** The GUID under which the file-backed registry knows a schema: made of its fingerprint (RFC 9562, version 8). */
export function guidOf(fingerprint: string): string {
  const digits = `${fingerprint.slice(0, 12)}8${fingerprint.slice(13, 16)}8${fingerprint.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}
