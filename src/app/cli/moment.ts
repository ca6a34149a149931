import { InvalidArgumentError } from 'commander';

/** With a zone: a time without one means another moment on another machine. */
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A time of RFC 3339, for commander's options: milliseconds since 1970, a fraction of one rounded up. */
export function moment(text: string): number {
  const timeMs = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(timeMs)) return Math.ceil(timeMs);
  throw new InvalidArgumentError('It must be a time of RFC 3339 with a zone, such as 2026-01-31T12:00:00Z.');
}
