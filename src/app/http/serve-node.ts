import { isIP } from 'node:net';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { AppLogger } from '../logger.ts';
import type { HeadraceNode } from '../node.ts';
import { Api } from './api/api.ts';
import type { ApiBackend } from './api/api-backend.ts';
import { ApiKeys } from './api/api-keys.ts';
import type { ApiLimits } from './api/api-limits.ts';
import { type ControlServer, serveControl } from './control-server.ts';
import { listen, newServer, type TlsFiles } from './listen.ts';
import { addStateRoutes, type StateRoutesOptions } from './state-routes.ts';

/** How the public API is served. */
export interface ServeApiOptions {
  /** Where it listens; 127.0.0.1 without it. Anything but loopback needs API keys. */
  readonly host?: string | undefined;
  /** A file of `name:SHA-256` lines. */
  readonly apiKeysFile?: string | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly limits?: Partial<ApiLimits> | undefined;
  /** Under which address other instances reach the API; where it listens, without it. */
  readonly advertise?: string | undefined;
}

export interface ServeNodeOptions extends ServeApiOptions {
  readonly node: HeadraceNode;
  readonly backend: ApiBackend;
  /** What other instances ask: served where the API is. */
  readonly questions?: StateRoutesOptions | undefined;
  readonly port: number;
  readonly clock: Clock;
  readonly logger: AppLogger;
  readonly version: string;
}

export interface NodeServer extends ControlServer {
  /** Where the public API is; the control server's own address unless it has a host or TLS of its own. */
  readonly apiAddress: string;
  /** From now on nothing is taken in; resolves when what is under way has been answered. */
  endIntake(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/**
 * Serves the public API, and the node to other commands of this machine. Both come from one server on loopback; where the
 * API has another host or TLS, the commands get a server of their own, on loopback and a free port. Throws USAGE for a
 * port that is taken, for a host beyond this machine without API keys, and for files that can't be used.
 */
export async function serveNode(options: ServeNodeOptions): Promise<NodeServer> {
  const { node, backend, questions, port, clock, logger, version, host = LOOPBACK, apiKeysFile, tls, limits } = options;
  const keys = apiKeysFile === undefined ? undefined : ApiKeys.ofFile(apiKeysFile);
  if (!isLoopback(host) && keys === undefined) {
    throw new HeadraceError(
      'USAGE',
      `To listen at ${host} give the API keys of those who may ask, with --api-keys FILE`,
    );
  }
  if (!isLoopback(host) && tls === undefined) {
    logger.warn({ host }, 'API keys and transactions cross the network unencrypted: give --tls-cert and --tls-key');
  }
  const api = await Api.open({ backend, clock, logger, version, keys, limits });
  if (host === LOOPBACK && tls === undefined) {
    const control = await serveControl(node, port, { api, questions });
    return { ...control, apiAddress: control.address, endIntake: () => api.end() };
  }
  const server = newServer(tls);
  api.register(server);
  if (questions !== undefined) addStateRoutes(server, questions);
  const apiAddress = await listen(server, host, port);
  let control: ControlServer;
  try {
    control = await serveControl(node, 0);
  } catch (error) {
    await server.close();
    throw error;
  }
  const close = async () => {
    await server.close();
    await control.close();
  };
  return { ...control, close, apiAddress, endIntake: () => api.end() };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
