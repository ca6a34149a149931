import { judge } from './judge.ts';
import { drawScript, type Script } from './script.ts';
import type { SimulationOptions, SimulationResult } from './simulation-options.ts';
import { World } from './world.ts';

/** Runs what a seed draws. The same seed over the same code gives the same result. */
export function simulate(options: SimulationOptions, seed: number): Promise<SimulationResult> {
  return simulateScript(options, drawScript(seed, options));
}

/** Runs a script as it was drawn, or as it was made smaller. */
export async function simulateScript(options: SimulationOptions, script: Script): Promise<SimulationResult> {
  const outcome = await new World(options, script).run();
  const failure = judge(options, outcome);
  const failedRecords = [...outcome.journals.values()].reduce((sum, journal) => sum + journal.failedRecords, 0);
  return {
    seed: script.seed,
    failure,
    figures: {
      records: script.inputs.length,
      ...outcome.counts,
      failedRecords,
      virtualMs: outcome.virtualMs,
    },
  };
}
