import type { Headers } from '../../../src/log/record.ts';

/** What a client of any kind is to send: one line of text each, so that command-line tools take it as well. */
export interface SentRecord {
  readonly key: string | null;
  readonly value: string;
  /** The header `client`. */
  readonly client: string;
}

/** A record as a client of any kind has read it. Bytes are written in hexadecimal, so that a difference can be read. */
export interface SeenRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  /** As `name=value` joined by commas; texts of any kind, so never to be parsed. */
  readonly headers: string;
}

export function seenRecord(
  place: Pick<SeenRecord, 'partition' | 'offset' | 'timestamp'>,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: Headers | string,
): SeenRecord {
  const hex = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('hex'));
  const said =
    typeof headers === 'string'
      ? headers
      : headers.map(([name, text]) => `${name}=${text === null ? '' : Buffer.from(text).toString()}`).join(',');
  return { ...place, key: hex(key), value: hex(value), headers: said };
}

/** In the order of the log. */
export function inOrder(records: readonly SeenRecord[]): readonly SeenRecord[] {
  return [...records].sort((left, right) => left.partition - right.partition || left.offset - right.offset);
}
