import type { BrokerAddress, BrokerConnection, ConnectToBroker, Message } from '../cluster/broker-connection.ts';
import { connectionError, connectionLost } from './connection-errors.ts';
import { CONNECTION_TIMEOUT_MS, type ConnectionOptions } from './connection-options.ts';
import { type ApiVersion, askApiVersions, createConnection, type KafkajsConnection } from './kafkajs-connection.ts';

const TURNED_AWAY = 'the broker closed the connection before its first answer; does its listener want SASL or TLS?';

/**
 * One socket to one broker, over kafkajs's connection with its corrections. Many requests may be in flight; the broker answers them
 * in turn. A request that is not answered in time ends the connection, for the ones behind it would wait as well (as the
 * JVM's NetworkClient does). A connection that is lost stays lost: open another one.
 */
export class KafkaConnection implements BrokerConnection {
  readonly #broker: string;
  readonly #connectionTimeoutMs: number;
  readonly #hasCredentials: boolean;
  readonly #connection: KafkajsConnection;
  #connecting: Promise<void> | undefined;
  #tellEnded: ((error: unknown) => void) | undefined;
  #versions: ReadonlyMap<number, ApiVersion> = new Map();
  #isAnswered = false;
  #isClosed = false;

  constructor({ host, port }: BrokerAddress, options: ConnectionOptions) {
    this.#broker = `${host}:${port}`;
    this.#connectionTimeoutMs = options.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS;
    this.#hasCredentials = options.sasl !== undefined;
    this.#connection = createConnection({ host, port }, this.#connectionTimeoutMs, options);
  }

  get isOpen(): boolean {
    return this.#connection.isConnected();
  }

  /** The versions of each API (by its key) that the broker speaks; empty before `connect`. */
  get versions(): ReadonlyMap<number, ApiVersion> {
    return this.#versions;
  }

  /**
   * Opens the socket, asks for the versions of the broker's APIs and authenticates; calls at a time share one attempt. Rejects
   * with KAFKA_UNAVAILABLE (retriable), or KAFKA_REFUSED where credentials, certificates or versions do not fit.
   */
  connect(): Promise<void> {
    this.#connecting ??= this.#connect();
    return this.#connecting;
  }

  /** Authenticates anew where the session's lifetime is near its end (KIP-368). `send` does so by itself. */
  async authenticate(): Promise<void> {
    await this.#within(this.#connectionTimeoutMs, 'to authenticate', () => this.#connection.authenticate());
  }

  /**
   * Sends a request and reads its answer. Rejects with KAFKA_UNAVAILABLE (retriable) where the connection is lost before the
   * answer, or it does not come within `timeoutMs`, and with KAFKA_REFUSED where credentials are refused when renewed. What
   * the answer's own reader throws comes as it is.
   */
  async send<Answer>({ request, response }: Message<Answer>, timeoutMs: number): Promise<Answer> {
    if (!this.isOpen) throw connectionLost(this.#broker, 'the connection is closed');
    let unreadable: { readonly error: unknown } | undefined;
    // kafkajs decodes, heeds what the broker says about throttling (KIP-219), then parses. Parsing is left for later, so that the
    // reader's errors are not taken for the connection's.
    const reader = {
      decode: async (bytes: Buffer) => {
        try {
          const decoded = await response.decode(bytes);
          return { decoded, clientSideThrottleTime: throttleMsOf(decoded) };
        } catch (error) {
          unreadable = { error };
          throw error;
        }
      },
      parse: async ({ decoded }: { readonly decoded: unknown }) => decoded,
    };
    try {
      const exchange = { request, response: reader, logResponseError: false };
      const decoded = await this.#within(timeoutMs, 'to answer', () => this.#connection.send(exchange));
      this.#isAnswered = true;
      return await response.parse(decoded);
    } catch (error) {
      if (unreadable !== undefined) throw unreadable.error;
      throw this.#isTurnedAway() ? connectionLost(this.#broker, TURNED_AWAY, error) : error;
    }
  }

  /** Ends the connection. Requests that are not answered yet reject with KAFKA_UNAVAILABLE. */
  async close(): Promise<void> {
    await this.#end(connectionLost(this.#broker, 'the connection was closed'));
  }

  async #connect(): Promise<void> {
    const ended = new Promise<never>((_resolve, reject) => {
      // A socket that is given up while it connects says nothing any more; whoever closes says it in its place.
      this.#tellEnded = reject;
    });
    try {
      await this.#within(this.#connectionTimeoutMs, 'to connect', () => Promise.race([this.#open(), ended]));
    } catch (error) {
      await this.#end(error);
      throw error;
    } finally {
      this.#tellEnded = undefined;
    }
  }

  async #open(): Promise<void> {
    await this.#connection.connect();
    this.#versions = await askApiVersions(this.#connection);
    this.#connection.setVersions(Object.fromEntries(this.#versions));
    this.#connection.setSupportAuthenticationProtocol(true);
    await this.#connection.authenticate();
  }

  /** Takes a step with a limit; whatever fails it is told as an error of ours. */
  async #within<Result>(timeoutMs: number, what: string, step: () => Promise<Result>): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        const error = connectionLost(this.#broker, `the broker took longer than ${timeoutMs} ms ${what}`);
        reject(error);
        void this.#end(error);
      }, timeoutMs);
    });
    try {
      return await Promise.race([step(), late]);
    } catch (error) {
      throw connectionError(this.#broker, error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A listener with SASL closes the connection of a client without credentials at its first request, and gives no reason. */
  #isTurnedAway(): boolean {
    return !this.#hasCredentials && !this.#isAnswered && !this.#isClosed && !this.isOpen;
  }

  async #end(error: unknown): Promise<void> {
    this.#isClosed = true;
    this.#tellEnded?.(error);
    this.#connection.rejectRequests(error);
    await this.#connection.disconnect();
  }
}

/** How long the broker wants the client to keep still, where an answer says so by kafkajs's name for it. */
function throttleMsOf(decoded: unknown): number | null {
  if (typeof decoded !== 'object' || decoded === null || !('clientSideThrottleTime' in decoded)) return null;
  return typeof decoded.clientSideThrottleTime === 'number' ? decoded.clientSideThrottleTime : null;
}

/** Opens connections with the options given. Rejects as {@link KafkaConnection.connect} does. */
export function connectToBrokers(options: ConnectionOptions): ConnectToBroker {
  return async (address) => {
    const connection = new KafkaConnection(address, options);
    await connection.connect();
    return connection;
  };
}
