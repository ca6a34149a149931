import { HeadraceError } from '../../errors.ts';
import { EARLIEST_MS, LATEST_MS } from '../../serde/avro/logical-types.ts';

/** A parameter of a named query, as the head of its file and its `{name:Type}` say. */
export interface QueryParameter {
  readonly name: string;
  /** ClickHouse's type. */
  readonly type: string;
  readonly description: string;
  /** What counts where it is not given; without it the parameter must be given. */
  readonly preset: string | undefined;
  /** Bounds of a number. */
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
}

/** What a parameter can be given as; texts are read by the parameter's type. */
export type ParameterValue = string | number | bigint | Date;

/** How the values of a type are read, and what is expected, in words. */
interface ValueKind {
  readonly expected: (parameter: QueryParameter) => string;
  /** The text that ClickHouse reads, or undefined for what is no such value. */
  readonly read: (text: string, parameter: QueryParameter) => string | undefined;
}

/** What no identifier, reference or channel is longer than. */
const TEXT_LENGTH_MAX = 1_000;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/i;

const text: ValueKind = {
  expected: () => `a text of at most ${TEXT_LENGTH_MAX} characters`,
  read: (given) => (given.length <= TEXT_LENGTH_MAX ? given : undefined),
};

const wholeNumber: ValueKind = {
  expected: (parameter) => {
    const [min, max] = boundsOf(parameter);
    return `a whole number from ${min} to ${max}`;
  },
  read: (given, parameter) => {
    if (!/^-?\d{1,20}$/.test(given)) return undefined;
    const [min, max] = boundsOf(parameter);
    const value = BigInt(given);
    return value >= min && value <= max ? value.toString() : undefined;
  },
};

const day: ValueKind = {
  expected: () => 'a day of 1900 to 2299 such as 2024-03-31',
  read: (given) => {
    const moment = DAY.test(given) ? Date.parse(`${given}T00:00:00Z`) : Number.NaN;
    return isHeld(moment) && isoOf(moment).startsWith(given) ? given : undefined;
  },
};

const moment: ValueKind = {
  expected: () =>
    'a time of 1900 to 2299 with its zone such as 2024-03-31T12:00:00Z, or a day, which means its midnight in UTC',
  read: (given, parameter) => {
    const date = given.slice(0, 10);
    if (day.read(date, parameter) === undefined) return undefined;
    if (!DAY.test(given) && !MOMENT.test(given)) return undefined;
    const at = Date.parse(DAY.test(given) ? `${given}T00:00:00Z` : given.replace(' ', 'T'));
    return isHeld(at) ? isoOf(at).slice(0, 23).replace('T', ' ') : undefined;
  },
};

const KINDS: Readonly<Record<string, ValueKind>> = {
  String: text,
  UInt16: wholeNumber,
  UInt32: wholeNumber,
  UInt64: wholeNumber,
  Date32: day,
  "DateTime64(3, 'UTC')": moment,
};

/** Whether parameters of this type can be read. */
export function isParameterType(type: string): boolean {
  return Object.hasOwn(KINDS, type);
}

/** What a value of the parameter looks like, in words. */
export function expectedOf(parameter: QueryParameter): string {
  return KINDS[parameter.type]!.expected(parameter);
}

/**
 * A given value as the text that ClickHouse reads. Throws PARAMETER_INVALID, naming the parameter and what is expected, but
 * never the value: it may be what no log should hold.
 */
export function parameterText(parameter: QueryParameter, given: ParameterValue): string {
  const read = KINDS[parameter.type]!.read(givenText(parameter, given), parameter);
  if (read !== undefined) return read;
  throw new HeadraceError(
    'PARAMETER_INVALID',
    `${parameter.name} must be ${expectedOf(parameter)}: it is ${parameter.description}`,
  );
}

function givenText({ type }: QueryParameter, given: ParameterValue): string {
  if (!(given instanceof Date)) return String(given);
  if (Number.isNaN(given.getTime())) return '';
  return type === 'Date32' ? given.toISOString().slice(0, 10) : given.toISOString();
}

function boundsOf({ type, min = 0n, max }: QueryParameter): readonly [bigint, bigint] {
  return [min, max ?? 2n ** BigInt(type.slice('UInt'.length)) - 1n];
}

function isHeld(atMs: number): boolean {
  return atMs >= EARLIEST_MS && atMs <= LATEST_MS;
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}
