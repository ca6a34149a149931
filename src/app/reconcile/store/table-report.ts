import { DIFFERENT, DIFFERENT_NEWER, EXTRA, MISSING, type SidesComparison } from './compare-sides.ts';
import type { WrongRow } from './name-rows.ts';
import { BUCKETS } from './row-digest.ts';
import type { Digest } from './sides.ts';
import type { TableShape } from './table-shape.ts';

/** A table of the sink's against the log, or a look-up against its table. */
export interface TableReport {
  readonly table: string;
  /** What it is held against: topics, or a table. */
  readonly against: readonly string[];
  /** Rows that should be there, and the ranges or buckets of keys by which they were compared. */
  readonly rows: number;
  readonly ranges: number;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
  /** Rows that only ClickHouse has, and that the log may have had once. */
  readonly unjudged: number;
  /** From where on the log can be asked, where not from the beginning. */
  readonly heldFrom: readonly string[];
  /** Ranges in which rows are wrong, BUCKETS_SHOWN_MAX at most. */
  readonly differing: readonly DifferingRange[];
  /** Wrong rows by name, as many as were asked for. */
  readonly named: readonly WrongRow[];
  /** The same by account and day, where rows have both. */
  readonly days: readonly WrongDay[];
  /** Why it could not be compared. */
  readonly reason?: string;
  readonly agrees: boolean;
}

export interface DifferingRange {
  readonly range: string;
  readonly log: RangeFigures;
  readonly clickhouse: RangeFigures;
}

export interface RangeFigures {
  readonly rows: number;
  /** Sum of amounts in minor units. */
  readonly amount: string;
  /** Hexadecimal. */
  readonly hash: string;
}

/** Wrong rows of an account and a day (of event time, UTC). */
export interface WrongDay {
  readonly account: string;
  readonly day: string;
  readonly missing: number;
  readonly different: number;
  readonly extra: number;
  /** Amounts of these rows in minor units: what the log says, and what ClickHouse has. */
  readonly log: string;
  readonly clickhouse: string;
}

export interface ReportParts extends SidesComparison {
  readonly shape: TableShape;
  readonly against: readonly string[];
  readonly unjudged: number;
  readonly heldFrom: readonly string[];
  readonly named: readonly WrongRow[];
  readonly rangeSize: number;
}

const DIFFERING_SHOWN_MAX = 1_000;

/** What people and programs are told of a comparison. */
export function reportOf(parts: ReportParts): TableReport {
  const { shape, against, rows, buckets, differing, wrong, unjudged, heldFrom, named, rangeSize } = parts;
  const counts = new Map<number, number>();
  const places = new Set<number>();
  for (const entry of wrong.entries()) {
    const mark = wrong.mark(entry);
    counts.set(mark, (counts.get(mark) ?? 0) + 1);
    if (mark !== 0) places.add(wrong.bucket(entry));
  }
  const count = (mark: number) => counts.get(mark) ?? 0;
  return {
    table: shape.table,
    against,
    rows,
    ranges: buckets,
    missing: count(MISSING),
    different: count(DIFFERENT) + count(DIFFERENT_NEWER),
    extra: count(EXTRA),
    unjudged,
    heldFrom,
    differing: differing
      .filter((_, place) => places.has(place))
      .slice(0, DIFFERING_SHOWN_MAX)
      .map(({ bucket, wanted, found }) => ({
        range: rangeName(shape, bucket, rangeSize),
        log: figures(wanted),
        clickhouse: figures(found),
      })),
    named,
    days: daysOf(named),
    agrees: places.size === 0,
  };
}

function daysOf(named: readonly WrongRow[]): readonly WrongDay[] {
  const days = new Map<string, WrongDay>();
  for (const { kind, key, day, amount } of named) {
    const account = key.account_id;
    if (account === undefined || day === undefined) continue;
    const name = `${account} ${day}`;
    const none = { account, day, missing: 0, different: 0, extra: 0, log: '0', clickhouse: '0' };
    const known = days.get(name) ?? none;
    days.set(name, {
      ...known,
      [kind]: known[kind] + 1,
      log: String(BigInt(known.log) + BigInt(amount?.log ?? 0)),
      clickhouse: String(BigInt(known.clickhouse) + BigInt(amount?.clickhouse ?? 0)),
    });
  }
  return [...days.values()];
}

function rangeName({ place, key }: TableShape, bucket: string, rangeSize: number): string {
  if (place === undefined) return `keys ${Number(bucket) + 1} of ${BUCKETS} by ${key.join(', ')}`;
  const [partition, range] = [bucket.slice(0, bucket.lastIndexOf(' ')), Number(bucket.slice(bucket.lastIndexOf(' ')))];
  return `${partition} offsets ${range * rangeSize} to ${(range + 1) * rangeSize - 1}`;
}

function figures({ rows, amount, hash }: Digest): RangeFigures {
  return { rows, amount: String(amount), hash: hash.toString(16).padStart(16, '0') };
}
