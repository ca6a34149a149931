import { zoneOffset } from './zone-offset.ts';

/**
 * Earliest and latest moments that the tables can hold (ClickHouse's DateTime64 and Date32), a day inside: the day of a
 * moment is that of the business zone, which may lie before UTC's.
 */
const EARLIEST_MS = Date.UTC(1900, 0, 2);
const LATEST_MS = Date.UTC(2299, 0, 1);

const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?$/i;

/** Moments and days in the bank's own time zone (design D7). */
export interface BusinessTime {
  /**
   * Milliseconds since 1970 of an RFC 3339 time, or of a date or a time without a zone, which mean the business zone's
   * (a date means its midnight). Digits below a millisecond are cut. Undefined for what is no such time, does not exist
   * in the calendar, or lies outside 1900 to 2298.
   */
  parse(text: string): number | undefined;
  /** The calendar day of a moment in the business zone, YYYY-MM-DD. */
  dayOf(moment: number): string;
}

/** `zone` is an IANA name such as Europe/Prague. Throws TOPOLOGY_INVALID for one that the runtime does not know. */
export function businessTime(zone = 'UTC'): BusinessTime {
  const offsetAt = zoneOffset(zone);
  return {
    parse(text) {
      const match = TIMESTAMP.exec(text);
      if (match === null) return undefined;
      const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = match;
      const local = localTime(
        +year!,
        +month!,
        +day!,
        +hour,
        +minute,
        +second,
        Number(fraction.slice(0, 3).padEnd(3, '0')),
      );
      if (local === undefined) return undefined;
      const moment = offset === undefined ? fromZone(local, offsetAt) : fromOffset(local, offset);
      return moment !== undefined && moment >= EARLIEST_MS && moment < LATEST_MS ? moment : undefined;
    },
    dayOf: (moment) => new Date(moment + offsetAt(moment)).toISOString().slice(0, 10),
  };
}

/** The local time as if it were UTC; undefined for the 30th of February and its like. A leap second is the last one of its minute. */
function localTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
): number | undefined {
  // JavaScript takes the years 0 to 99 for 1900 to 1999.
  if (year < 1_899 || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return undefined;
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, Math.min(second, 59), millisecond);
}

function fromOffset(local: number, offset: string): number | undefined {
  if (offset === 'Z' || offset === 'z') return local;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(4, 6))];
  if (hours > 23 || minutes > 59) return undefined;
  const shift = (hours * 60 + minutes) * 60_000;
  return offset.startsWith('-') ? local + shift : local - shift;
}

/**
 * A local time that occurs twice (clocks set back) means the earlier moment; one that does not occur (clocks set
 * forward) is read with the offset before the change.
 */
function fromZone(local: number, offsetAt: (moment: number) => number): number {
  const before = offsetAt(local - 86_400_000);
  const moment = local - before;
  if (offsetAt(moment) === before) return moment;
  const after = local - offsetAt(moment);
  return offsetAt(after) === offsetAt(moment) ? after : moment;
}
