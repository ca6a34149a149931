import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { HeadraceError } from '../../../errors.ts';
import { answer, answerException } from './answer.ts';
import { type AskedStatement, readStatement } from './statement.ts';

/** Runs statements that came over HTTP. */
export interface StatementRunner {
  /** The largest request, bytes. */
  readonly bodyBytesMax: number;
  /** Of the engine, an IANA name. */
  timezone(): Promise<string>;
  /** The result in chunks; tells its format before the first. Rejects with what the client is to be told. */
  run(asked: AskedStatement, signal: AbortSignal, onFormat: (format: string) => void): AsyncIterable<Uint8Array>;
}

export interface ClickHouseServer {
  /** `http://127.0.0.1:8123`. */
  readonly address: string;
  /** Ends the queries that are running, and resolves when they have ended. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
/** A statement may stand in the address. */
const HEADERS_BYTES_MAX = 1024 * 1024;
const KEEP_ALIVE_MS = 10_000;
/** How long a client may take to send its request. */
const REQUEST_MAX_MS = 300_000;
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;
const HEALTH_PATHS: ReadonlySet<string> = new Set(['/ping', '/replicas_status']);

/**
 * Serves ClickHouse's HTTP interface on loopback: what curl, @clickhouse/client and clickhouse-connect use of it. Port 0 takes a free one.
 * Throws USAGE for a port that is taken.
 */
export async function serveClickHouse(runner: StatementRunner, port: number): Promise<ClickHouseServer> {
  const running = new Map<AbortController, Promise<void>>();
  const server = createServer(
    { maxHeaderSize: HEADERS_BYTES_MAX, keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: REQUEST_MAX_MS },
    (request, response) => {
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const work = handle(runner, request, response, gone.signal).finally(() => running.delete(gone));
      running.set(gone, work);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(unusable(port, cause)));
    server.listen(port, HOST, resolve);
  });
  const place = server.address();
  const address = `http://${HOST}:${typeof place === 'object' && place !== null ? place.port : port}`;
  return {
    address,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const gone of running.keys()) gone.abort();
      await Promise.all(running.values());
      server.closeAllConnections();
      await closed;
    },
  };
}

function unusable(port: number, cause: NodeJS.ErrnoException): Error {
  const why = cause.code === 'EADDRINUSE' ? 'is taken' : `can't be used (${cause.message})`;
  return new HeadraceError('USAGE', `Port ${port} of ${HOST} ${why}; choose another for ClickHouse's HTTP interface`, {
    cause,
  });
}

/** Never rejects. */
async function handle(
  runner: StatementRunner,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const startedAtMs = performance.now();
  const facts = { queryId: '', timezone: 'UTC', startedAtMs };
  try {
    if (answeredWithoutQuery(request, response)) return;
    const asked = await readStatement(request, runner.bodyBytesMax);
    facts.queryId = asked.queryId;
    facts.timezone = await runner.timezone();
    let format = asked.format;
    const chunks = runner.run(asked, signal, (named) => {
      format = named;
    });
    const { encoding, waitsForEnd } = asked;
    await answer(response, chunks, { ...facts, encoding, waitsForEnd }, () => format, signal);
    if (signal.aborted) response.destroy();
  } catch (error) {
    answerException(response, error, facts);
    // A client that is still sending a body that was refused reads the answer afterwards.
    request.unpipe().resume();
  }
}

/** True where the request needs no ClickHouse, and is answered. */
function answeredWithoutQuery(request: IncomingMessage, response: ServerResponse): boolean {
  const { headers, method = 'GET', url = '/' } = request;
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const say = (status: number, text: string, more: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8', ...more }).end(`${text}\n`);
    return true;
  };
  // A page in a browser could have a name of its own resolved to this machine, or send here what it may not read.
  if (headers.host !== undefined && !LOCAL_HOST.test(headers.host))
    return say(421, 'Only requests to localhost are answered');
  if (isForeignPage(headers.origin)) return say(403, 'Requests of pages from elsewhere are refused');
  if (!['GET', 'HEAD', 'POST'].includes(method)) return say(405, 'Only GET and POST', { Allow: 'GET, HEAD, POST' });
  if (HEALTH_PATHS.has(pathname)) return say(200, 'Ok.');
  if (pathname !== '/')
    return say(404, `There is no handle ${pathname}\n\nUse / or /ping for health checks, and queries at /`);
  if (method !== 'POST' && !searchParams.has('query')) return say(200, 'Ok.');
  return false;
}

function isForeignPage(origin: string | undefined): boolean {
  if (origin === undefined) return false;
  try {
    return !LOCAL_HOST.test(new URL(origin).host);
  } catch {
    return true;
  }
}
