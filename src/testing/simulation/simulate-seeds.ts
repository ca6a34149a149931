import { HeadraceError } from '../../errors.ts';
import { describeFailure } from './describe-failure.ts';
import { drawScript, type Script } from './script.ts';
import { shrink } from './shrink.ts';
import { simulateScript } from './simulate.ts';
import type { SimulationFailure, SimulationOptions, SimulationResult } from './simulation-options.ts';

/** Which seeds are run. */
export interface SeedsOptions {
  /** How many runs (100). */
  readonly seeds?: number;
  /** The first seed (1); each next one is one more. */
  readonly firstSeed?: number;
  /** Ends after so many failures (1). */
  readonly failuresMax?: number;
  /** Told after each run. */
  readonly onRun?: (result: SimulationResult) => void;
}

/** A run in which something was found. */
export interface FailedRun {
  readonly seed: number;
  readonly failure: SimulationFailure;
  /** The smallest run found that fails in the same way. */
  readonly script: Script;
}

/** What came of some seeds. */
export interface SeedsReport {
  readonly passed: number;
  readonly failed: readonly FailedRun[];
}

/** Simulates seed after seed. A run that fails is made smaller. */
export async function simulateSeeds(options: SimulationOptions, seeds: SeedsOptions = {}): Promise<SeedsReport> {
  const { seeds: count = 100, firstSeed = 1, failuresMax = 1, onRun = () => {} } = seeds;
  const failed: FailedRun[] = [];
  let passed = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const script = drawScript(seed, options);
    const result = await simulateScript(options, script);
    onRun(result);
    if (result.failure === undefined) {
      passed++;
      continue;
    }
    const smallest = await shrink(options, script, result.failure);
    failed.push({ seed, failure: smallest.failure, script: smallest.script });
    if (failed.length >= failuresMax) break;
  }
  return { passed, failed };
}

/**
 * The same as one assertion of a test, in any framework: throws SIMULATION_FAILED with the seed, what was wrong, and the smallest run that
 * shows it.
 */
export async function checkSeeds(options: SimulationOptions, seeds: SeedsOptions = {}): Promise<void> {
  const { failed } = await simulateSeeds(options, seeds);
  if (failed.length > 0) throw new HeadraceError('SIMULATION_FAILED', describeFailure(failed[0]!));
}
