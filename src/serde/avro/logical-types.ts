import { currencyExponent } from '../currency.ts';
import { unreadable } from './byte-reader.ts';
import { unwritable } from './byte-writer.ts';
import type { EnumType, PrimitiveType } from './schema.ts';

/** Longest text of a field whose schema says nothing about it. */
export const TEXT_LENGTH_MAX = 65_536;
/** What stands on a topic as JSON within Avro is at most this long. */
const JSON_LENGTH_MAX = 16 * 1024 * 1024;

/** What ClickHouse documents DateTime64 and Date32 for, 1900 to 2299: a column's partition is right only there. */
export const EARLIEST_MS = Date.UTC(1900, 0, 1);
export const LATEST_MS = Date.UTC(2300, 0, 1) - 1;
const DAY_MS = 86_400_000;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/**
 * The form of RFC 3339, and what the ledger takes beside it: a date alone, a time without a zone or without seconds. Whether
 * the calendar has the day is for the rules, which answer with a refusal: what they are to judge must get to them.
 */
const TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:[Tt ](?:[01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d{1,9})?)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d{1,4})?$/;

/** How the values of a primitive type look as JSON, and what is refused on the way (design D12). */
export interface Conversion {
  /** From JSON to what is encoded. Throws SERIALIZATION_FAILED. */
  readonly toRaw: (value: unknown, path: string) => unknown;
  /** From what was decoded to JSON. Throws DESERIALIZATION_FAILED. */
  readonly toJson: (raw: unknown, path: string) => unknown;
}

/** Undefined for types that have no JSON form here: bytes that are no decimal. */
export function conversionOf(type: PrimitiveType): Conversion | undefined {
  switch (type.kind) {
    case 'null':
      return same((value) => value === null || value === undefined);
    case 'boolean':
      return same((value) => typeof value === 'boolean');
    case 'float':
    case 'double':
      return same((value) => typeof value === 'number' && Number.isFinite(value));
    case 'string':
      return textConversion(type);
    case 'int':
      return type.logicalType === 'date' ? dateConversion : whole(type, -(2 ** 31), 2 ** 31 - 1);
    case 'long':
      return type.logicalType === 'timestamp-millis'
        ? timestampConversion
        : whole(type, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    default:
      return undefined;
  }
}

/** The same in both forms. */
function same(isAllowed: (value: unknown) => boolean, what = 'is not what the schema says'): Conversion {
  return {
    toRaw(value, path) {
      if (!isAllowed(value)) throw unwritable(`${path} ${what}`);
      return value;
    },
    toJson(raw, path) {
      if (!isAllowed(raw)) throw unreadable(`${path} ${what}`);
      return raw;
    },
  };
}

function whole({ minimum }: PrimitiveType, least: number, greatest: number): Conversion {
  const from = Math.max(least, minimum ?? least);
  return same(
    (value) => Number.isSafeInteger(value) && (value as number) >= from && (value as number) <= greatest,
    `is no whole number from ${from} to ${greatest}`,
  );
}

function textConversion(type: PrimitiveType): Conversion {
  const maxLength = textLengthMax(type);
  const isShort = (value: unknown): value is string => typeof value === 'string' && value.length <= maxLength;
  switch (type.logicalType) {
    case 'json':
      return jsonConversion(maxLength);
    case 'iso-4217':
      return same((value) => typeof value === 'string' && currencyExponent(value) !== undefined, 'is no currency');
    case 'iso-4217-or-empty':
      return same(
        (value) => value === '' || (typeof value === 'string' && currencyExponent(value) !== undefined),
        'is no currency',
      );
    case 'decimal-text':
      return same((value) => isShort(value) && DECIMAL.test(value), 'is no plain decimal number');
    case 'rfc-3339':
      return same((value) => isShort(value) && TIME.test(value), 'is no time');
    default:
      return same(isShort, `is no text of at most ${maxLength} characters`);
  }
}

export function textLengthMax({ logicalType, maxLength }: PrimitiveType): number {
  return maxLength ?? (logicalType === 'json' ? JSON_LENGTH_MAX : TEXT_LENGTH_MAX);
}

function jsonConversion(maxLength: number): Conversion {
  return {
    toRaw(value, path) {
      let text: string | undefined;
      try {
        text = JSON.stringify(value);
      } catch (cause) {
        throw unwritable(`${path} has no JSON: ${(cause as Error).message}`);
      }
      if (text === undefined) throw unwritable(`${path} of type ${typeof value} has no JSON`);
      if (text.length > maxLength) throw unwritable(`${path} has more than ${maxLength} characters as JSON`);
      return text;
    },
    toJson(raw, path) {
      try {
        return JSON.parse(raw as string) as unknown;
      } catch (cause) {
        throw unreadable(`${path} is not JSON: ${(cause as Error).message}`);
      }
    },
  };
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/** NaN for a time that the calendar does not have: JavaScript takes the 31st of February for the 3rd of March. */
function momentOf(text: string): number {
  const moment = Date.parse(text);
  // No month is shorter than that; and 24 is an hour to JavaScript, of the next day.
  if (text.slice(8, 10) <= '28' && text.slice(11, 13) !== '24') return moment;
  return Number.isNaN(moment) || new Date(moment).toISOString() !== text ? Number.NaN : moment;
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
let lastDay = Number.NaN;
let lastDayText = '';

/** As toISOString, in a fraction of its time: records that come one after the other are mostly of one day. */
function isoText(moment: number): string {
  const day = Math.floor(moment / DAY_MS);
  if (day !== lastDay) {
    lastDayText = new Date(day * DAY_MS).toISOString().slice(0, 11);
    lastDay = day;
  }
  const ofDay = moment - day * DAY_MS;
  const seconds = Math.floor(ofDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  const milliseconds = String(ofDay - seconds * 1_000).padStart(3, '0');
  const time = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`;
  return `${lastDayText}${time}.${milliseconds}Z`;
}

/** Only the form that the ledger writes, which comes back exactly: UTC with milliseconds. */
const timestampConversion: Conversion = {
  toRaw(value, path) {
    const moment = typeof value === 'string' && ISO.test(value) ? momentOf(value) : Number.NaN;
    if (!(moment >= EARLIEST_MS && moment <= LATEST_MS)) {
      throw unwritable(`${path} is no time in UTC with milliseconds, from 1900 to 2299`);
    }
    return moment;
  },
  toJson(raw, path) {
    const moment = raw as number;
    if (!(moment >= EARLIEST_MS && moment <= LATEST_MS)) throw unreadable(`${path} is a time outside 1900 to 2299`);
    return isoText(moment);
  },
};

/** Days since 1970, YYYY-MM-DD as JSON. */
const dateConversion: Conversion = {
  toRaw(value, path) {
    const moment = typeof value === 'string' && DATE.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
    const isCalendarDay = moment >= EARLIEST_MS && moment <= LATEST_MS;
    if (!isCalendarDay || new Date(moment).toISOString().slice(0, 10) !== value) {
      throw unwritable(`${path} is no day from 1900 to 2299`);
    }
    return moment / DAY_MS;
  },
  toJson(raw, path) {
    const moment = (raw as number) * DAY_MS;
    if (!(moment >= EARLIEST_MS && moment <= LATEST_MS)) throw unreadable(`${path} is a day outside 1900 to 2299`);
    return new Date(moment).toISOString().slice(0, 10);
  },
};

/** A symbol as it stands in JSON: Avro's names have no hyphens, so `kebab-case` writes them as underscores. */
export function symbolText({ logicalType }: EnumType, symbol: string): string {
  return logicalType === 'kebab-case' ? symbol.replaceAll('_', '-') : symbol;
}
