import { HeadraceError } from '../errors.ts';
import type { Headers, NewRecord, TopicPartition } from '../log/record.ts';

/** Headers of the engine's own; a letter has none of those that its record brought along. */
const OWN_HEADERS = /^__(streams\.errors|headrace\.(errors|parked|replay|discarded|call))\./;
/** Of these what goes on with a letter that is made a record again (see async/call-place.ts). */
const CALL = '__headrace.call.';
const PARKED = '__headrace.parked.';
const REPLAY = '__headrace.replay.';
const DISCARDED = '__headrace.discarded.';

/** Where a record of a parked key stands among those that wait. */
export interface ParkedPlace {
  /** The application that parked it: replays are for it alone. */
  readonly application: string;
  /** The first dead letter of the key, as `TOPIC-PARTITION@OFFSET` of the source record. */
  readonly behind: string;
  /** From 0, the first letter's own. */
  readonly sequence: number;
}

/** Why a letter is not to be processed any more, and who says so. */
export interface Discard {
  readonly by: string;
  readonly why: string;
}

export interface Replay extends ParkedPlace {
  readonly discard: Discard | undefined;
}

/** A dead letter as it stands in the log. */
export interface StoredLetter {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

export function placeOf({ topic, partition }: TopicPartition, offset: number): string {
  return `${topic}-${partition}@${offset}`;
}

/** The offset in what {@link placeOf} made for the partition; undefined for a place elsewhere. */
export function offsetIn(place: string, source: TopicPartition): number | undefined {
  const prefix = placeOf(source, 0).slice(0, -1);
  return place.startsWith(prefix) ? wholeNumber(place.slice(prefix.length)) : undefined;
}

/** The headers that the record came with, without the engine's. */
export function ownHeaders(headers: Headers): Headers {
  return headers.some(([name]) => OWN_HEADERS.test(name))
    ? headers.filter(([name]) => !OWN_HEADERS.test(name))
    : headers;
}

/** Whatever is made of a letter again, this stays with it: a callee is asked about it as before. */
export function callHeaders(headers: Headers): Headers {
  return headers.filter(([name]) => name.startsWith(CALL));
}

export function parkedHeaders({ application, behind, sequence }: ParkedPlace): Headers {
  return headersUnder(PARKED, { application, behind, sequence: String(sequence) });
}

/** Where a dead letter stands among those of its key; undefined for one that nobody waits behind. */
export function parkedPlaceOf(headers: Headers): ParkedPlace | undefined {
  return placeUnder(PARKED, headers);
}

/** What the letter of a discarded record says of it. */
export function discardedHeaders({ discard, behind, sequence }: Replay & { readonly discard: Discard }): Headers {
  return headersUnder(DISCARDED, { ...discard, behind, sequence: String(sequence) });
}

/** Who gave the record of a letter up, and why; undefined for other letters. */
export function discardOf(headers: Headers): Discard | undefined {
  const by = textOf(headers, `${DISCARDED}by`);
  return by === undefined ? undefined : { by, why: textOf(headers, `${DISCARDED}why`) ?? '' };
}

/** Whether a record says that it is a replay; looked at for each record that has headers. */
export function isReplay(headers: Headers): boolean {
  for (let i = 0; i < headers.length; i++) if (headers[i]![0].startsWith(REPLAY)) return true;
  return false;
}

/** What a replay says of itself; undefined where its headers are damaged. */
export function replayOf(headers: Headers): Replay | undefined {
  const place = placeUnder(REPLAY, headers);
  if (place === undefined) return undefined;
  const by = textOf(headers, `${REPLAY}discarded-by`);
  return {
    ...place,
    discard: by === undefined ? undefined : { by, why: textOf(headers, `${REPLAY}discarded-why`) ?? '' },
  };
}

/**
 * The record that takes a parked letter's turn, for the source partition: as it came, with its original timestamp. With a
 * discard it says that the letter is not to be processed. Throws INPUT_INVALID for a letter that is
 * not parked.
 */
export function replayRecord(letter: StoredLetter, discard?: Discard): NewRecord {
  const place = parkedPlaceOf(letter.headers);
  const source = place === undefined ? undefined : sourceOf(place.behind);
  if (place === undefined || source === undefined) {
    throw new HeadraceError('INPUT_INVALID', 'The dead letter is not one that others of its key wait behind');
  }
  const { application, behind, sequence } = place;
  const said = { application, behind, sequence: String(sequence) };
  const headers =
    discard === undefined
      ? headersUnder(REPLAY, said)
      : headersUnder(REPLAY, { ...said, 'discarded-by': discard.by, 'discarded-why': discard.why });
  return {
    ...source,
    timestamp: letter.timestamp,
    key: letter.key,
    value: letter.value,
    headers: [...ownHeaders(letter.headers), ...callHeaders(letter.headers), ...headers],
  };
}

/** The partition that a place names. */
export function sourceOf(place: string): TopicPartition | undefined {
  const match = /^(.+)-(\d+)@\d+$/.exec(place);
  return match === null ? undefined : { topic: match[1]!, partition: Number(match[2]) };
}

function headersUnder(prefix: string, values: Readonly<Record<string, string>>): Headers {
  return Object.entries(values).map(([name, value]) => [prefix + name, Buffer.from(value)]);
}

function placeUnder(prefix: string, headers: Headers): ParkedPlace | undefined {
  const application = textOf(headers, `${prefix}application`);
  const behind = textOf(headers, `${prefix}behind`);
  const sequence = wholeNumber(textOf(headers, `${prefix}sequence`) ?? '');
  if (application === undefined || behind === undefined || sequence === undefined) return undefined;
  return { application, behind, sequence };
}

function textOf(headers: Headers, wanted: string): string | undefined {
  const value = headers.find(([name]) => name === wanted)?.[1];
  return value == null ? undefined : Buffer.from(value).toString();
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}
