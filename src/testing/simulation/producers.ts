import { HeadraceError } from '../../errors.ts';
import type { SimulatedLog } from '../../log/simulated/simulated-log.ts';
import type { VirtualTime } from '../../log/simulated/virtual-time.ts';
import { pauseOf } from './process-log.ts';
import type { Script, TimedInput } from './script.ts';
import type { SimulationOptions } from './simulation-options.ts';
import { encoderOf } from './source-serdes.ts';

export interface ProducersOptions extends SimulationOptions {
  readonly script: Script;
  readonly time: VirtualTime;
  readonly log: () => SimulatedLog;
  readonly onSent: (what: string) => void;
}

/** Those who send records to the topologies. */
export class Producers {
  readonly #options: ProducersOptions;
  readonly #encode: ReturnType<typeof encoderOf>;
  readonly #globalTopics: ReadonlySet<string>;

  constructor(options: ProducersOptions) {
    this.#options = options;
    this.#encode = encoderOf(options, options.script.partitions);
    const tables = options.applications.flatMap(({ topology }) => topology.plan.globalTables);
    this.#globalTopics = new Set(tables.flatMap(({ sources }) => sources.map(({ topic }) => topic.name)));
  }

  /** Rows of global tables are there before anything else: nothing says when a row is seen that comes later. */
  async sendGlobals(): Promise<void> {
    for (const input of this.#options.script.inputs) if (this.#globalTopics.has(input.topic)) await this.#send(input);
  }

  /** Everything else, each at its time. */
  async send(until: (atMs: number) => Promise<void>): Promise<void> {
    for (const input of this.#options.script.inputs) {
      if (this.#globalTopics.has(input.topic)) continue;
      await until(input.atMs);
      await this.#send(input);
    }
  }

  /** A producer tries again until it is told that the record is there; a log that died may have it twice then. */
  async #send(input: TimedInput): Promise<void> {
    const { time, log, onSent } = this.#options;
    const record = this.#encode(input, time.now());
    for (;;) {
      try {
        const [position] = await log().append([record]);
        onSent(`sent to ${record.topic}-${record.partition} as offset ${position!.offset}`);
        return;
      } catch (error) {
        if (!(error instanceof HeadraceError) || error.code !== 'LOG_CLOSED') throw error;
        await pauseOf(time, 1);
      }
    }
  }
}
