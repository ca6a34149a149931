import { connectToBrokers } from '../../../src/log/kafka/client/connection.ts';
import type { BrokerAddress, BrokerConnection } from '../../../src/log/kafka/cluster/broker-connection.ts';

/** Connections on which requests of these kinds wait from `close` to `open`; `isReached` when one of the first kind does, at which broker. */
export function gated(...apiNames: readonly string[]) {
  const connect = connectToBrokers({ clientId: 'gated' });
  let [isClosed, open] = [false, () => {}];
  let reach: (address: BrokerAddress) => void = () => {};
  let opened: Promise<void>;
  const isReached = new Promise<BrokerAddress>((resolve) => {
    reach = resolve;
  });
  return {
    isReached,
    close() {
      isClosed = true;
      opened = new Promise((resolve) => {
        open = resolve;
      });
    },
    open() {
      isClosed = false;
      open();
    },
    connect: async (address: BrokerAddress): Promise<BrokerConnection> => {
      const connection = await connect(address);
      return {
        get isOpen() {
          return connection.isOpen;
        },
        async send(message, timeoutMs) {
          const { apiName } = message.request as { readonly apiName: string };
          if (isClosed && apiNames.includes(apiName)) {
            if (apiName === apiNames[0]) reach(address);
            await opened;
          }
          return connection.send(message, timeoutMs);
        },
        close: () => connection.close(),
      };
    },
  };
}
