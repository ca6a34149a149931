import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyServerOptions, fastify } from 'fastify';
import { HeadraceError } from '../../errors.ts';
import { PROBLEM_TYPE, problem, toProblemError } from './api/problem.ts';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

/** How long a client may take to send its request. */
const REQUEST_MAX_MS = 60_000;
/** Longest parameter of a path, percent-encoded. */
const PARAMETER_CHARACTERS_MAX = 4_096;

/** A server that answers every error as a problem (RFC 9457). Throws USAGE for TLS files that can't be used. */
export function newServer(tls?: TlsFiles): FastifyInstance {
  const server = makeServer(tls);
  // Each part reads the bodies that it takes; what has no route has no body to read.
  server.removeAllContentTypeParsers();
  return server;
}

function makeServer(tls: TlsFiles | undefined): FastifyInstance {
  const options: FastifyServerOptions = {
    requestTimeout: REQUEST_MAX_MS,
    forceCloseConnections: true,
    // While it ends, the API says so as a problem.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      const told = toProblemError(error).problem;
      const plain = reply as unknown as FastifyReply;
      void plain.code(told.status).type(PROBLEM_TYPE).send(JSON.stringify(told));
    },
  };
  if (tls === undefined) return fastify(options);
  try {
    const https = { cert: readFileSync(tls.certificate), key: readFileSync(tls.key), minVersion: 'TLSv1.2' as const };
    return fastify({ ...options, https } as FastifyServerOptions);
  } catch (cause) {
    const message = `TLS can't be set up with ${tls.certificate} and ${tls.key}: ${(cause as Error).message}`;
    throw new HeadraceError('USAGE', message, { cause });
  }
}

/** Resolves with the address. Throws USAGE for a port that is taken or may not be used, and a host that is not here. */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    const why = WHY[(cause as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw cause;
    throw new HeadraceError('USAGE', why(host, port), { cause });
  }
}

const WHY: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) => `Port ${port} of ${host} is taken; choose another with --port, or 0 for any free one`,
  EACCES: (host, port) => `Port ${port} of ${host} may not be used by this user; choose another with --port`,
  EADDRNOTAVAIL: (host) => `${host} is no address of this machine; choose another with --host`,
  ENOTFOUND: (host) => `${host} is no address of this machine; choose another with --host`,
};

/** What is no HTTP, or too much of it before the body begins. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const told =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? problem(431, 'HEADERS_TOO_LARGE', 'The headers are too large')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? problem(408, 'REQUEST_TOO_SLOW', `The request did not come within ${REQUEST_MAX_MS / 1_000} s`)
        : problem(400, 'HTTP_INVALID', 'The request is not HTTP');
  const body = JSON.stringify(told);
  socket.end(
    `HTTP/1.1 ${told.status} ${told.title}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
