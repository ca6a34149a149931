import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import {
  type BrotliCompress,
  createBrotliCompress,
  createDeflate,
  createGzip,
  type Deflate,
  type Gzip,
  constants as zlib,
} from 'node:zlib';
import { exceptionOf, exceptionTail } from './exception.ts';
import { NativeCompression } from './native-compression.ts';

/** What every answer to a query says of it. */
export interface AnswerFacts {
  readonly queryId: string;
  readonly timezone: string;
  readonly startedAtMs: number;
  /** `native` is ClickHouse's own, of which HTTP knows nothing. */
  readonly encoding: 'gzip' | 'deflate' | 'br' | 'native' | undefined;
  /** Whether the answer begins when the query has ended, so that its error is the answer's status. */
  readonly waitsForEnd: boolean;
}

type Compressor = Gzip | Deflate | BrotliCompress | NativeCompression;
/** Where a result is written to: the response, or what compresses it on the way there. */
type Outgoing = ServerResponse | Compressor;

/** What is kept in memory for one who waits for the end; a larger result begins before it. */
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const TAG_BYTES = 8;
const BROTLI_QUALITY = 4;
const RETRY_AFTER_SECONDS = 1;

const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^(JSON.*EachRow.*|JSONLines|NDJSON)$/i, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/i, 'application/json; charset=UTF-8'],
  [/^CSV/i, 'text/csv; charset=UTF-8'],
  [/^(TSV|TabSeparated)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^XML$/i, 'application/xml; charset=UTF-8'],
  [/^(Native|RowBinary|Arrow|Parquet|ORC|Avro|MsgPack|Protobuf|RawBLOB|BSON|Npy)/i, 'application/octet-stream'],
];

/**
 * Sends a result as its chunks come, at the speed at which the client takes them. Before the first byte an error is an answer of its own;
 * after it the answer breaks off behind ClickHouse's mark of an exception, so that nobody takes it for whole. Never rejects.
 */
export async function answer(
  response: ServerResponse,
  chunks: AsyncIterable<Uint8Array>,
  facts: AnswerFacts,
  formatOf: () => string,
  signal: AbortSignal,
): Promise<void> {
  const tag = randomBytes(TAG_BYTES).toString('hex');
  let out: Outgoing | undefined;
  const begin = (): Outgoing => begun(response, facts, formatOf(), tag);
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  try {
    for await (const chunk of chunks) {
      kept.push(chunk);
      keptBytes += chunk.length;
      if (out === undefined && facts.waitsForEnd && keptBytes <= KEPT_BYTES_MAX) continue;
      out ??= begin();
      await sendAll(out, kept, signal);
    }
    out ??= begin();
    await sendAll(out, kept, signal);
    out.end();
  } catch (error) {
    if (signal.aborted) response.destroy();
    else if (out === undefined) answerException(response, error, facts);
    else breakOff(response, out, exceptionTail(exceptionOf(error), tag));
  }
}

async function sendAll(out: Outgoing, chunks: Uint8Array[], signal: AbortSignal): Promise<void> {
  for (const chunk of chunks.splice(0)) if (!out.write(chunk)) await once(out, 'drain', { signal });
}

function begun(response: ServerResponse, facts: AnswerFacts, format: string, tag: string): Outgoing {
  const type = CONTENT_TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8';
  response.writeHead(200, {
    ...headersOf(facts),
    'Content-Type': type,
    'X-ClickHouse-Format': format,
    'X-ClickHouse-Exception-Tag': tag,
    ...(facts.encoding === undefined || facts.encoding === 'native'
      ? {}
      : { 'Content-Encoding': facts.encoding, Vary: 'Accept-Encoding' }),
  });
  // What has been compressed is sent at the end of each block of the compressor; the client sees the head at once.
  response.flushHeaders();
  const compressor = compressorOf(facts.encoding);
  compressor?.pipe(response);
  return compressor ?? response;
}

function compressorOf(encoding: AnswerFacts['encoding']): Compressor | undefined {
  if (encoding === undefined) return undefined;
  if (encoding === 'native') return new NativeCompression();
  if (encoding === 'gzip') return createGzip({ level: zlib.Z_BEST_SPEED });
  if (encoding === 'deflate') return createDeflate({ level: zlib.Z_BEST_SPEED });
  return createBrotliCompress({ params: { [zlib.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } });
}

/** The body is chunked: an end without the last chunk is no end. */
function breakOff(response: ServerResponse, out: Outgoing, tail: string): void {
  const cut = () => response.socket?.end();
  if ('flush' in out) {
    out.write(tail);
    out.flush(() => setImmediate(cut));
  } else {
    out.write(tail, () => setImmediate(cut));
  }
}

/** An error of the whole request, as ClickHouse's own text in one line. */
export function answerException(
  response: ServerResponse,
  error: unknown,
  facts: Pick<AnswerFacts, 'queryId' | 'timezone' | 'startedAtMs'>,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { code, text, status } = exceptionOf(error);
  const body = `${text}\n`;
  response.writeHead(status, {
    ...headersOf(facts),
    'Content-Type': 'text/plain; charset=UTF-8',
    'Content-Length': Buffer.byteLength(body),
    'X-ClickHouse-Exception-Code': String(code),
    ...(status === 503 ? { 'Retry-After': String(RETRY_AFTER_SECONDS) } : {}),
  });
  response.end(body);
}

function headersOf({ queryId, timezone, startedAtMs }: Pick<AnswerFacts, 'queryId' | 'timezone' | 'startedAtMs'>) {
  const nanoseconds = Math.max(0, Math.round((performance.now() - startedAtMs) * 1e6));
  const counts = ['read_rows', 'read_bytes', 'written_rows', 'written_bytes', 'total_rows_to_read', 'result_rows'];
  const summary = { ...Object.fromEntries(counts.map((name) => [name, '0'])), elapsed_ns: String(nanoseconds) };
  return {
    'X-ClickHouse-Query-Id': headerText(queryId),
    'X-ClickHouse-Server-Display-Name': 'headrace',
    'X-ClickHouse-Timezone': timezone,
    'X-ClickHouse-Summary': JSON.stringify(summary),
  };
}

/** A header takes no control characters and nothing beyond Latin-1. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}
