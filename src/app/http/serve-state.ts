import { addressBeside } from './advertised.ts';
import { listen, newServer, type TlsFiles } from './listen.ts';
import type { HttpStateExchange } from './state-exchange.ts';
import { addStateRoutes, type StateRoutesOptions } from './state-routes.ts';

export interface ServeStateOptions {
  readonly exchange: HttpStateExchange;
  readonly answer: StateRoutesOptions['answer'];
  readonly host: string;
  readonly tls?: TlsFiles | undefined;
  /** As others reach the process itself: they reach this server there as well, at the port that it takes. */
  readonly beside?: string | undefined;
}

/**
 * A server for nothing but questions of other instances, for a log that has no other one, at a free port; to be started before its members join.
 */
export async function serveState(
  options: ServeStateOptions,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { exchange, answer, host, tls, beside } = options;
  const server = newServer(tls);
  addStateRoutes(server, { isKey: (presented) => exchange.isKey(presented), answer });
  const listening = await listen(server, host, 0);
  const address = addressBeside(beside ?? listening, listening);
  exchange.serveAt(address);
  return { address, close: () => server.close() };
}
