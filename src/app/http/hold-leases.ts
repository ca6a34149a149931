import { randomUUID } from 'node:crypto';
import { HeadraceError } from '../../errors.ts';
import type { Hold } from '../intake-gate.ts';
import type { HeadraceNode } from '../node.ts';

/** A hold that another process asked for ends by itself when it was not renewed for so long: it may have died. */
const LEASE_MS = 15_000;
export const LEASE_RENEWAL_MS = 3_000;

interface Lease {
  readonly hold: Hold;
  readonly expiry: NodeJS.Timeout;
}

/** The holds on intake that other processes have. */
export class HoldLeases {
  readonly #node: Pick<HeadraceNode, 'hold'>;
  readonly #leaseMs: number;
  readonly #leases = new Map<string, Lease>();

  constructor(node: Pick<HeadraceNode, 'hold'>, leaseMs = LEASE_MS) {
    this.#node = node;
    this.#leaseMs = leaseMs;
  }

  async take(): Promise<string> {
    const hold = await this.#node.hold();
    const id = randomUUID();
    const expiry = setTimeout(() => {
      this.#leases.delete(id);
      void hold.release();
    }, this.#leaseMs);
    expiry.unref();
    this.#leases.set(id, { hold, expiry });
    return id;
  }

  /** Throws NOT_RUNNING for a hold that has ended. */
  renew(id: string): void {
    this.#lease(id).expiry.refresh();
  }

  /** Throws NOT_RUNNING for a hold that has ended: what was seen under it was not at rest to the end. */
  async release(id: string): Promise<void> {
    const { hold, expiry } = this.#lease(id);
    clearTimeout(expiry);
    this.#leases.delete(id);
    await hold.release();
  }

  #lease(id: string): Lease {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new HeadraceError('NOT_RUNNING', 'The hold on intake has ended before its time');
    return lease;
  }
}
