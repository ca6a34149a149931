import { groupOfGlobals, planOfGlobals } from './global-tables.ts';
import { renewWhereChanged } from './stored-plan.ts';
import type { WorkerOptions } from './worker-options.ts';

interface RunsTables {
  run(): Promise<void>;
  idle(): Promise<void>;
  stop(): void;
}

export interface GlobalWorkerOptions {
  /** Of the worker that needs the tables. */
  readonly options: WorkerOptions & { readonly member: string };
  readonly make: (options: WorkerOptions) => RunsTables;
  /** Told when the tables can't be kept any more; {@link GlobalWorker.requireSound} throws why. */
  readonly onFailure: () => void;
}

/** The worker of a worker's global tables: it has a group of its own, and all rows. */
export class GlobalWorker {
  readonly group: string;
  readonly #options: GlobalWorkerOptions;
  #tables: { readonly worker: RunsTables; readonly running: Promise<void> } | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: GlobalWorkerOptions) {
    const { log, application, member } = options.options;
    this.#options = options;
    this.group = groupOfGlobals(application, log.instance === undefined ? member : `${log.instance}.${member}`);
  }

  /** Resolves when it has read what is there; at once where the topology has no such tables. */
  async begin(): Promise<void> {
    const { options: all, make, onFailure } = this.#options;
    const plan = planOfGlobals(all.topology.plan);
    if (plan === undefined) return;
    if (this.#tables !== undefined) return this.#tables.worker.idle();
    const { idleAfterMs: _noTicks, onStep: _notItsSteps, inspect: _notItsTasks, ...options } = all;
    await renewWhereChanged({ ...options, plan, application: this.group });
    const worker = make({ ...options, topology: { plan }, application: this.group });
    const running = worker.run().catch((error: unknown) => {
      this.#failure = { error };
      onFailure();
    });
    this.#tables = { worker, running };
    await worker.idle();
  }

  async idle(): Promise<void> {
    await this.#tables?.worker.idle();
  }

  async end(): Promise<void> {
    this.#tables?.worker.stop();
    await this.#tables?.running;
  }

  requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
