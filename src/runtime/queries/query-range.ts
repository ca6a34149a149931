import { HeadraceError } from '../../errors.ts';

/** Which rows of a store. */
export interface KeyRange<K> {
  /** Included. Keys are in the order of their serialised bytes. */
  readonly from?: K;
  /** Not included. */
  readonly to?: K;
  /** The first rows only: without it all are read into memory. */
  readonly limit?: number;
}

/** Which times. */
export interface TimeRange {
  /** Milliseconds since 1970, both included; without them there is no bound. */
  readonly from?: number;
  readonly to?: number;
  /** The first results only: without it all are read into memory. */
  readonly limit?: number;
}

/** The greatest time that stores can be asked for. */
const LAST_TIME = Number.MAX_SAFE_INTEGER - 2;

/** Whole milliseconds within what stores know. Throws USAGE for what is no number. */
export function timesOf({ from = 0, to = LAST_TIME }: TimeRange): { readonly from: number; readonly to: number } {
  return { from: Math.ceil(timeOf(from)), to: Math.floor(timeOf(to)) };
}

/** Within what stores know; a time before 1970 stays one, for nothing is there. */
export function timeOf(time: number): number {
  if (typeof time !== 'number' || Number.isNaN(time)) {
    throw new HeadraceError('USAGE', `A time is a number of milliseconds since 1970, not ${String(time)}`);
  }
  return Math.min(Math.max(time, -1), LAST_TIME);
}
