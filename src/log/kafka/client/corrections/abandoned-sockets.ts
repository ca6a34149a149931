import type { Socket } from 'node:net';
import { type Correction, patch } from '../correction.ts';

/**
 * Defect: a connection that was given up goes on acting. Handlers belong to the connection, not to a socket, so that the
 * end of a former socket, which comes after the connection was opened anew, ends the new one with all its requests; an attempt
 * that timed out may still connect later and sets the connection to connected; and a peer that does not answer the
 * FIN keeps the socket for ever. `connect` during a `disconnect` that waits for answers is undone by it
 * (src/network/connection.js, 166-261 and 266-283).
 *
 * Correction: once `disconnect` is done with a socket, nothing that the socket says is heard any more, and it is destroyed as soon as what
 * was written has left. `connect` waits for a `disconnect` that is under way.
 */
export const abandonedSockets: Correction = {
  name: 'abandoned-sockets',
  summary: 'a socket that was given up cannot end or open the connection that took its place',
  patches: {
    'src/network/socket.js': patch<CreateSocket>((createSocket) => (options: SocketOptions) => {
      let socket: Socket | undefined;
      const whileInUse = (handler: Handler): Handler => {
        return (...said) => (socket !== undefined && abandoned.has(socket) ? undefined : handler(...said));
      };
      const { onConnect, onData, onEnd, onError, onTimeout } = options;
      socket = createSocket({
        ...options,
        onConnect: whileInUse(onConnect),
        onData: whileInUse(onData),
        onEnd: whileInUse(onEnd),
        onError: whileInUse(onError),
        onTimeout: whileInUse(onTimeout),
      });
      return socket;
    }),
    'src/network/connection.js': patch<ConnectionClass>(({ prototype }) => {
      const { connect, disconnect } = prototype;
      const underWay = new WeakMap<Connection, Promise<unknown>>();
      prototype.disconnect = function disconnectAndAbandon() {
        const { socket } = this;
        const disconnecting = disconnect.call(this).then((done) => {
          if (underWay.get(this) === disconnecting) underWay.delete(this);
          if (socket !== undefined && socket !== null) abandon(socket);
          return done;
        });
        underWay.set(this, disconnecting);
        return disconnecting;
      };
      prototype.connect = async function connectAfterwards() {
        await underWay.get(this);
        return connect.call(this);
      };
    }),
  },
};

const abandoned = new WeakSet<Socket>();

function abandon(socket: Socket): void {
  abandoned.add(socket);
  if (socket.connecting) socket.destroy();
  else socket.destroySoon();
}

type Handler = (...said: unknown[]) => unknown;

interface SocketOptions {
  readonly onConnect: Handler;
  readonly onData: Handler;
  readonly onEnd: Handler;
  readonly onError: Handler;
  readonly onTimeout: Handler;
}

type CreateSocket = (options: SocketOptions) => Socket;

interface Connection {
  readonly socket?: Socket | null;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

interface ConnectionClass {
  readonly prototype: Connection;
}
