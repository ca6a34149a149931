import { HeadraceError } from '../../../errors.ts';
import type { BrokerAddress, BrokerConnection, ConnectToBroker, Message } from './broker-connection.ts';

/**
 * A broker answers the requests of one connection in turn. So that a heartbeat never waits behind a fetch that waits for records, or
 * behind a join that waits for the rest of the group, each member has connections of its own for these two; and no commit waits behind a
 * leader that waits for its followers to delete.
 */
export type Lane = 'main' | 'purge' | `fetch ${string}` | `group ${string}`;

/** The connections to the brokers: one for each broker and lane, opened at the first request and anew after a loss. */
export class Lanes {
  readonly #connect: ConnectToBroker;
  readonly #open = new Map<string, Promise<BrokerConnection>>();
  #isClosed = false;

  constructor(connect: ConnectToBroker) {
    this.#connect = connect;
  }

  async send<Answer>(address: BrokerAddress, lane: Lane, message: Message<Answer>, timeoutMs: number): Promise<Answer> {
    const connection = await this.#connection(address, lane);
    return connection.send(message, timeoutMs);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(opened.map((each) => each.then((connection) => connection.close()).catch(() => undefined)));
  }

  async #connection(address: BrokerAddress, lane: Lane): Promise<BrokerConnection> {
    if (this.#isClosed) throw new HeadraceError('LOG_CLOSED', 'The connection to Kafka was closed');
    const key = `${address.host}:${address.port} ${lane}`;
    const present = this.#open.get(key);
    if (present !== undefined) {
      const connection = await present;
      if (connection.isOpen) return connection;
      // Of several that find it lost, the first opens the next one.
      if (this.#open.get(key) !== present) return this.#connection(address, lane);
    }
    const opening = this.#connect(address);
    this.#open.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#open.get(key) === opening) this.#open.delete(key);
      throw error;
    }
  }
}
