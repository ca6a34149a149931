/** One request with the reader of its answer, in the shape that kafkajs's connections take. See protocol/requests/. */
export interface Message<Answer> {
  readonly request: object;
  readonly response: {
    decode(rawData: Buffer): Promise<unknown>;
    parse(data: unknown): Promise<Answer>;
  };
}

/** A connection to one broker that is open and authenticated. */
export interface BrokerConnection {
  readonly isOpen: boolean;
  /** Rejects with KAFKA_UNAVAILABLE (retriable) where the connection is lost or the answer does not come in time. */
  send<Answer>(message: Message<Answer>, timeoutMs: number): Promise<Answer>;
  close(): Promise<void>;
}

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Opens a connection. Rejects with KAFKA_UNAVAILABLE (retriable) where nobody answers, KAFKA_REFUSED for wrong credentials
 * or a broker too old.
 */
export type ConnectToBroker = (address: BrokerAddress) => Promise<BrokerConnection>;
