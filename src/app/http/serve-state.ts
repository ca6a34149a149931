import { advertisedAddress } from './advertised.ts';
import { listen, newServer, type TlsFiles } from './listen.ts';
import type { HttpStateExchange } from './state-exchange.ts';
import { addStateRoutes, type StateRoutesOptions } from './state-routes.ts';

export interface ServeStateOptions {
  readonly exchange: HttpStateExchange;
  readonly answer: StateRoutesOptions['answer'];
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
  readonly advertise?: string | undefined;
}

/**
 * A server for nothing but questions of other instances, for a log that has no other one; to be started before its members join. Throws USAGE for a
 * port that is taken.
 */
export async function serveState(
  options: ServeStateOptions,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { exchange, answer, host, port, tls, advertise } = options;
  const server = newServer(tls);
  addStateRoutes(server, { isKey: (presented) => exchange.isKey(presented), answer });
  const address = advertisedAddress(await listen(server, host, port), host, advertise);
  exchange.serveAt(address);
  return { address, close: () => server.close() };
}
