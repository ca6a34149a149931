import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A request as it came: which API in which version, and the body behind the header. */
export interface CameRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly body: Buffer;
  readonly socket: Socket;
}

/** What the broker does with a request: the body of its answer, silence, or the end of the connection. */
export type Answer = Buffer | 'silence' | 'close';

export interface PreparedBroker {
  readonly port: number;
  readonly requests: readonly CameRequest[];
  /** How many connections were opened in all. */
  readonly connections: () => number;
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export const API = {
  produce: 0,
  fetch: 1,
  metadata: 3,
  saslHandshake: 17,
  apiVersions: 18,
  saslAuthenticate: 36,
} as const;

/**
 * A server on the loopback that frames requests and answers as a broker does, and says what it was told to say. It answers
 * ApiVersions by itself: versions 0 to 30 of every API.
 */
export async function prepareBroker(
  answer: (request: CameRequest) => Answer | Promise<Answer>,
  tls?: { readonly key: string; readonly cert: string },
): Promise<PreparedBroker> {
  const requests: CameRequest[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;
  const serve = (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    let answered = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const frame = received.subarray(4, 4 + received.readInt32BE(0));
        received = received.subarray(4 + frame.length);
        const request = parseRequest(frame, socket);
        requests.push(request);
        // Answers leave in the order of the requests, as a broker's do.
        answered = answered.then(async () => {
          const said = request.apiKey === API.apiVersions ? apiVersionsAnswer() : await answer(request);
          if (said === 'close') socket.end();
          else if (said !== 'silence') socket.write(framed(frame.readInt32BE(4), said));
        });
      }
    });
  };
  const server: Server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => opened,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function parseRequest(frame: Buffer, socket: Socket): CameRequest {
  const clientIdLength = Math.max(frame.readInt16BE(8), 0);
  return {
    apiKey: frame.readInt16BE(0),
    apiVersion: frame.readInt16BE(2),
    body: frame.subarray(10 + clientIdLength),
    socket,
  };
}

function framed(correlationId: number, body: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeInt32BE(4 + body.length, 0);
  header.writeInt32BE(correlationId, 4);
  return Buffer.concat([header, body]);
}

/** ApiVersions response, version 2: error code, array of (key, oldest, newest), throttle time. */
function apiVersionsAnswer(): Buffer {
  const keys = Array.from({ length: 60 }, (_, key) => key);
  return Buffer.concat([
    int16(0),
    int32(keys.length),
    ...keys.map((key) => Buffer.concat([int16(key), int16(0), int16(key === API.saslAuthenticate ? 1 : 30)])),
    int32(0),
  ]);
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

export function string(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}

export function bytes(value: Buffer): Buffer {
  return Buffer.concat([int32(value.length), value]);
}
