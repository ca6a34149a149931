import type { Clock } from '../clock.ts';
import { readOwner } from '../storage/data-directory.ts';
import { LocalNode } from './local-node.ts';
import { openLogger, silentLogger } from './logger.ts';
import type { HeadraceNode } from './node.ts';
import { RemoteNode } from './remote-node.ts';

export interface OpenNodeOptions {
  readonly dataDirectory: string;
  readonly clock: Clock;
  /** Whether engine and sink are to run: needed by what appends and waits for results. */
  readonly runsEngine?: boolean;
}

/** The node of a data directory: the process that serves it, if one does, else this one opens it itself. */
export async function openNode({ dataDirectory, clock, runsEngine = false }: OpenNodeOptions): Promise<HeadraceNode> {
  const owner = await readOwner(dataDirectory);
  if (owner?.address !== undefined && owner.token !== undefined) return new RemoteNode(owner.address, owner.token);
  const logger = runsEngine ? openLogger(dataDirectory) : silentLogger;
  const node = await LocalNode.open({ dataDirectory, clock, logger });
  if (runsEngine) {
    await node.start((error) => {
      process.stderr.write(`headrace: the engine has ended: ${(error as Error).message}\n`);
      process.exit(1);
    });
  }
  return node;
}
