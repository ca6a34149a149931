import { type ErrorCode, HeadraceError } from '../../errors.ts';
import type { NewRecord } from '../../log/record.ts';
import type { StoredRecord } from '../node.ts';

/** The header that carries the owner's token; who can read the data directory knows it. */
export const TOKEN_HEADER = 'x-headrace-token';
/** Most bytes of one request. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

type Text = string | null;
type WireHeaders = readonly (readonly [string, Text])[];

interface WireRecord {
  readonly timestamp: number;
  readonly key: Text;
  readonly value: Text;
  readonly headers: WireHeaders;
}

export interface WireNewRecord extends WireRecord {
  readonly topic: string;
  readonly partition: number;
}

export interface WireStoredRecord extends WireRecord {
  readonly offset: number;
}

/** How an error travels: RFC 9457's problem, with our code. */
export interface WireProblem {
  readonly title: string;
  readonly detail: string;
  readonly code: ErrorCode | 'INTERNAL';
  readonly retriable: boolean;
}

export function toWire(record: NewRecord): WireNewRecord {
  const { topic, partition, timestamp, key, value, headers = [] } = record;
  return { topic, partition, timestamp, key: encode(key), value: encode(value), headers: encodeHeaders(headers) };
}

export function fromWire({ topic, partition, timestamp, key, value, headers }: WireNewRecord): NewRecord {
  return { topic, partition, timestamp, key: decode(key), value: decode(value), headers: decodeHeaders(headers) };
}

export function storedToWire({ offset, timestamp, key, value, headers }: StoredRecord): WireStoredRecord {
  return { offset, timestamp, key: encode(key), value: encode(value), headers: encodeHeaders(headers) };
}

export function storedFromWire({ offset, timestamp, key, value, headers }: WireStoredRecord): StoredRecord {
  return { offset, timestamp, key: decode(key), value: decode(value), headers: decodeHeaders(headers) };
}

export function toProblem(error: unknown): WireProblem {
  const detail = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HeadraceError)) return { title: 'Internal error', detail, code: 'INTERNAL', retriable: false };
  return { title: error.code, detail, code: error.code, retriable: error.retriable };
}

export function fromProblem(problem: WireProblem): HeadraceError {
  const code = problem.code === 'INTERNAL' ? 'REMOTE_FAILED' : problem.code;
  return new HeadraceError(code, problem.detail, { retriable: problem.retriable });
}

function encode(bytes: Uint8Array | null): Text {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function decode(text: Text): Uint8Array | null {
  return text === null ? null : Buffer.from(text, 'base64');
}

function encodeHeaders(headers: StoredRecord['headers']): WireHeaders {
  return headers.map(([name, value]) => [name, encode(value)]);
}

function decodeHeaders(headers: WireHeaders): StoredRecord['headers'] {
  return headers.map(([name, value]) => [name, decode(value)]);
}
