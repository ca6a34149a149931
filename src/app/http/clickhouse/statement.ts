import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { isOfTransport } from '../../../clickhouse/connection/client-settings.ts';
import { refusal } from '../../../clickhouse/connection/refusal.ts';

/** What a request asks for, wherever it stands in it. */
export interface AskedStatement {
  readonly queryId: string;
  /** The statement as it came, and behind it the rows of an INSERT. */
  readonly text: Buffer;
  /** GET and HEAD may only read. */
  readonly isReadOnly: boolean;
  readonly database: string | undefined;
  /** Where the statement names none. */
  readonly format: string;
  /** `param_NAME` of the address, by NAME. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Everything in the address that is nothing else. */
  readonly settings: Readonly<Record<string, string>>;
  readonly waitsForEnd: boolean;
  /** What compresses the answer, if anything. */
  readonly encoding: 'gzip' | 'deflate' | 'br' | 'native' | undefined;
}

/** Of the address, beside settings and param_NAME. */
const NO_SETTINGS: ReadonlySet<string> = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'role',
  'session_id',
  'compress',
  'decompress',
]);
/** ClickHouse itself has no user but this one without a configuration. */
const USERS: ReadonlySet<string> = new Set(['', 'default', 'headrace']);
const PARAMETER = 'param_';
const ENCODINGS = ['gzip', 'deflate', 'br'] as const;

/**
 * Reads a request to its end. Throws QUERY_FAILED with ClickHouse's own code for another user, a body of more than `bodyBytesMax`,
 * and what is not served: bodies in ClickHouse's own compression, and tables sent along.
 */
export async function readStatement(request: IncomingMessage, bodyBytesMax: number): Promise<AskedStatement> {
  const address = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const { headers } = request;
  checkUser(address, headers);
  if (isOn(address.get('decompress')))
    throw refusal('NOT_IMPLEMENTED', 'decompress=1 is not served: take Content-Encoding gzip, deflate or br');
  if (headers['content-type']?.startsWith('multipart/') === true)
    throw refusal('NOT_IMPLEMENTED', 'Forms and external tables are not served: send the query as the body');
  const body = request.method === 'POST' ? await bodyOf(request, bodyBytesMax) : Buffer.alloc(0);
  const query = address.get('query') ?? '';
  const others = [...address].filter(([name]) => !NO_SETTINGS.has(name));
  const parameters = others.filter(([name]) => name.startsWith(PARAMETER));
  return {
    queryId: address.get('query_id') || randomUUID(),
    text: query === '' ? body : Buffer.concat([Buffer.from(body.length === 0 ? query : `${query}\n`), body]),
    isReadOnly: request.method !== 'POST',
    database: address.get('database') ?? headerOf(headers, 'x-clickhouse-database'),
    format: address.get('default_format') ?? headerOf(headers, 'x-clickhouse-format') ?? 'TabSeparated',
    parameters: Object.fromEntries(parameters.map(([name, value]) => [name.slice(PARAMETER.length), value])),
    settings: Object.fromEntries(others.filter(([name]) => !name.startsWith(PARAMETER))),
    waitsForEnd: isOn(address.get('wait_end_of_query')),
    encoding: encodingOf(address, headers),
  };
}

/** The settings without those about HTTP and sessions, of which the engine knows nothing here. */
export function engineSettings(settings: AskedStatement['settings']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !isOfTransport(name)));
}

function isOn(value: string | null): boolean {
  return value === '1' || value === 'true';
}

type Headers = IncomingMessage['headers'];

function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** There are no passwords: whoever reaches a port of loopback is a user of this machine. */
function checkUser(address: URLSearchParams, headers: Headers): void {
  const [scheme = '', credentials = ''] = (headers.authorization ?? '').split(' ');
  const basic = /^basic$/i.test(scheme) ? Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] : undefined;
  const user = headerOf(headers, 'x-clickhouse-user') ?? basic ?? address.get('user') ?? '';
  if (!USERS.has(user))
    throw refusal(
      'AUTHENTICATION_FAILED',
      `${user}: Authentication failed: password is incorrect, or there is no user with such name (there is only default)`,
    );
}

function encodingOf(address: URLSearchParams, headers: Headers): AskedStatement['encoding'] {
  if (isOn(address.get('compress'))) return 'native';
  if (!isOn(address.get('enable_http_compression'))) return undefined;
  const accepted = (headerOf(headers, 'accept-encoding') ?? '').split(',').map((each) => each.split(';')[0]!.trim());
  return ENCODINGS.find((encoding) => accepted.includes(encoding));
}

async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The request must outlive what refuses it: the answer goes out by the same connection.
  for await (const chunk of decoded(request).iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw refusal('QUERY_IS_TOO_LARGE', `The request is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  const decoder = DECODERS.get(encoding)?.();
  if (decoder === undefined)
    throw refusal('UNSUPPORTED_MEDIA_TYPE', `Content-Encoding ${encoding} is not served: take gzip, deflate or br`);
  request.on('error', (error) => decoder.destroy(error));
  return request.pipe(decoder);
}
