import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { SeededRandom } from '../../../src/random.ts';
import { FrameReader } from './frame-reader.ts';

/** What happens to one request on its way. */
export type Fate = 'pass' | 'late' | 'cut' | 'loseAnswer' | 'answerTwice' | 'sendTwice';

export interface FaultyProxyOptions {
  readonly targetPort: number;
  readonly random: SeededRandom;
  /** Of a request by its number in Kafka's protocol. */
  readonly fateOf: (apiKey: number, random: SeededRandom) => Fate;
  /** The longest that a late request is held, milliseconds. */
  readonly lateMaxMs: number;
  /** Told of each request. */
  readonly onFate: (fate: Fate, apiKey: number) => void;
}

type Decide = (apiKey: number) => { readonly fate: Fate; readonly lateMs: number };

/** The length before a frame. */
const LENGTH_BYTES = 4;

/**
 * Between clients and one broker. It knows where requests and answers begin, so that a fault hits one of them: held back (with what comes behind it on that
 * connection), lost before the broker has it, answered into nothing, answered twice, or sent twice.
 */
export class FaultyProxy {
  readonly #options: FaultyProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** From now on everything passes. */
  isCalm = false;

  constructor(options: FaultyProxyOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#accept(client));
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => resolve());
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #accept(client: Socket): void {
    const broker = connect(this.#options.targetPort, '127.0.0.1');
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
    const connection = new ProxiedConnection(client, broker, (apiKey) => this.#decide(apiKey));
    client.on('data', (chunk: Buffer) => connection.fromClient(chunk));
    broker.on('data', (chunk: Buffer) => connection.fromBroker(chunk));
  }

  #decide(apiKey: number): { readonly fate: Fate; readonly lateMs: number } {
    const { random, fateOf, lateMaxMs, onFate } = this.#options;
    const fate = this.isCalm ? 'pass' : fateOf(apiKey, random);
    onFate(fate, apiKey);
    return { fate, lateMs: fate === 'late' ? random.below(lateMaxMs) : 0 };
  }
}

/** One client's connection. Everything keeps its order in both directions. */
class ProxiedConnection {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #decide: Decide;
  readonly #requests = new FrameReader();
  readonly #answers = new FrameReader();
  #sending: Promise<void> = Promise.resolve();
  /** By the number under which a request is answered. */
  readonly #fates = new Map<number, Fate>();
  /** Sent twice and answered once: the client does not know of the second answer. */
  readonly #answered = new Set<number>();

  constructor(client: Socket, broker: Socket, decide: Decide) {
    this.#client = client;
    this.#broker = broker;
    this.#decide = decide;
  }

  fromClient(chunk: Buffer): void {
    for (const frame of this.#requests.read(chunk)) {
      // A frame: length, number of the request, its version, the number under which it is answered.
      const { fate, lateMs } = this.#decide(frame.readInt16BE(LENGTH_BYTES));
      if (fate !== 'pass') this.#fates.set(frame.readInt32BE(LENGTH_BYTES + 4), fate);
      this.#sending = this.#sending.then(async () => {
        if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
        if (fate === 'cut') this.#client.destroy();
        if (!this.#broker.writable) return;
        this.#broker.write(frame);
        if (fate === 'sendTwice') this.#broker.write(frame);
      });
    }
  }

  fromBroker(chunk: Buffer): void {
    for (const frame of this.#answers.read(chunk)) {
      const number = frame.readInt32BE(LENGTH_BYTES);
      if (this.#answered.delete(number)) continue;
      const fate = this.#fates.get(number);
      this.#fates.delete(number);
      if (fate === 'sendTwice') this.#answered.add(number);
      if (!this.#client.writable) return;
      if (fate === 'loseAnswer') {
        this.#client.destroy();
        return;
      }
      this.#client.write(frame);
      if (fate === 'answerTwice') this.#client.write(frame);
    }
  }
}
