import { connect, createServer, type Server, type Socket } from 'node:net';

/** Kafka's numbers of requests whose answers are worth losing: Produce and EndTxn. */
const LOSABLE = [0, 26];
const LATE_MS = 5;

/** Between clients and one broker: cuts connections, delays answers, loses answers to requests that were forwarded. */
export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  delayMs = 0;
  /** How many answers are still to be lost. */
  toLose = 0;
  lost = 0;

  constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#accept(client));
  }

  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #accept(client: Socket): void {
    const broker = connect(this.#target, '127.0.0.1');
    let isDeaf = false;
    for (const socket of [client, broker]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        broker.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      broker.write(chunk);
      // A request that begins with the chunk: length, then the number of the request.
      if (this.toLose === 0 || chunk.length < 8 || !LOSABLE.includes(chunk.readUInt16BE(4))) return;
      this.toLose--;
      this.lost++;
      isDeaf = true;
    });
    broker.on('data', (chunk: Buffer) => {
      // The broker has done what was asked, the client never hears of it.
      if (isDeaf) return void setTimeout(() => client.destroy(), LATE_MS);
      if (this.delayMs === 0) return void client.write(chunk);
      setTimeout(() => client.writable && client.write(chunk), this.delayMs);
    });
  }
}
