import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringSerde } from 'headrace';
import { EmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { seededRandom } from '../../../src/random.ts';
import { openDataDirectory } from '../../../src/storage/data-directory.ts';
import { type Emitted, type Scenario, survivesCrashes } from '../scenario.ts';
import { runVictimProcess } from './run-victim.ts';
import type { KillPlan, VictimWork } from './victim.ts';

export interface EmbeddedRunOptions {
  /** The compiled process. */
  readonly victim: string;
  readonly partitions: number;
  /** How often it is killed in each scenario. */
  readonly kills: number;
  readonly seed: number;
}

export interface EmbeddedOutcome {
  readonly emitted: readonly Emitted[];
  /** The steps of commits at which the process died. */
  readonly hits: readonly string[];
  readonly problem?: string;
}

const STEPS = ['seal', 'submit', 'durable', 'apply'] as const;
/** A kill comes at one of the first commits after its step of the input. */
const OCCURRENCE_MAX = 2;

/**
 * Runs scenarios through embedded applications in a process of their own, killed in the middle of each, and yields what
 * stands in the log in the end, one scenario after the other.
 */
export async function* embeddedRun(
  scenarios: readonly Scenario[],
  options: EmbeddedRunOptions,
): AsyncGenerator<EmbeddedOutcome> {
  const root = mkdtempSync(join(tmpdir(), 'headrace-parity-'));
  try {
    const plans = scenarios.map((scenario, index) => planOf(scenario, options, index, root));
    let next = 0;
    while (next < plans.length) {
      const orders = plans.slice(next).map(({ work, kills }) => ({ ...work, kill: kills[0] }));
      const file = join(root, 'orders.json');
      writeFileSync(file, JSON.stringify({ work: orders }));
      const report = await runVictimProcess(options.victim, file);
      for (let done = 0; done < report.done; done++, next++) {
        const { work, outputs, hits } = plans[next]!;
        yield { emitted: await outputOf(work.directory, outputs), hits };
        rmSync(work.directory, { recursive: true });
      }
      if (report.end === 'done') continue;
      const { hits, kills } = plans[next]!;
      if (report.end === 'killed') {
        hits.push(report.hit!);
        kills.shift();
      } else {
        yield { emitted: [], hits, problem: report.problem };
        next++;
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

interface Plan {
  readonly work: VictimWork;
  readonly outputs: readonly string[];
  readonly hits: string[];
  /** Those still to come, in the order of the input. */
  readonly kills: KillPlan[];
}

function planOf(
  scenario: Scenario,
  { kills, seed, partitions }: EmbeddedRunOptions,
  index: number,
  root: string,
): Plan {
  const directory = join(root, `${index}`);
  mkdirSync(directory);
  const file = join(root, `${index}.json`);
  writeFileSync(file, JSON.stringify(scenario));
  const random = seededRandom(seed + index);
  const [quarter, steps] = [Math.ceil(scenario.input.length / 4), scenario.input.length];
  const count = survivesCrashes(scenario) && steps > 0 ? kills : 0;
  const planned = Array.from({ length: count }, () => ({
    // In the middle half. The last step of the input has a commit behind it too.
    afterFed: Math.min(steps, quarter + random.below(Math.max(1, steps - 2 * quarter))),
    step: random.pick(STEPS),
    occurrence: 1 + random.below(OCCURRENCE_MAX),
  }));
  return {
    work: { scenario: file, directory, partitions, seed: seed + index },
    outputs: outputsOf(scenario),
    hits: [],
    kills: planned.sort((one, other) => one.afterFed - other.afterFed),
  };
}

function outputsOf({ topology }: Scenario): readonly string[] {
  return [...new Set(topology.flatMap(({ op, topic }) => (op === 'to' ? [topic!] : [])))];
}

/** What stands in the log of a directory that nobody has open. */
async function outputOf(directory: string, topics: readonly string[]): Promise<readonly Emitted[]> {
  const clock = () => 0;
  const log = new EmbeddedLog({ directory: openDataDirectory(directory, { clock }), clock, maintenanceIntervalMs: 0 });
  const emitted: Emitted[] = [];
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : stringSerde.deserialize(bytes));
  for (const topic of topics) {
    for (const { partition, start, end } of await log.watermarks(topic)) {
      for (let offset = start; offset < end; ) {
        const batch = (await log.read(topic, partition, offset))!;
        for (let i = 0; i < batch.length; i++) {
          const [key, value, ts] = [batch.keyAt(i), batch.valueAt(i), batch.timestampAt(i)];
          emitted.push({ topic, key: text(key), value: text(value), ts });
        }
        offset = batch.offsetAt(batch.length - 1) + 1;
      }
    }
  }
  await log.close();
  return emitted;
}
