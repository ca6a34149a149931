import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Plant, plantedCopy } from '../plants/plants.ts';

/** What came of one plant. */
export interface PlantResult {
  readonly plant: Plant;
  readonly seed: number;
  readonly isFound: boolean;
  /** What the chaos said first, or how its process ended. */
  readonly said: string;
}

export interface PlantOptions {
  /** The repository with its node_modules. */
  readonly root: string;
  readonly plants: readonly Plant[];
  /** Arguments of `npm run chaos` beside the seed and `--json`. */
  readonly args: readonly string[];
  readonly seed: number;
  /** Those alone whose name contains it. */
  readonly only?: string | undefined;
  readonly onProgress: (line: string) => void;
  readonly onResult: (result: PlantResult) => void;
}

/** A run may be unlucky: another seed, so often in all. */
const SEEDS_MAX = 3;
const RUN_MAX_MS = 1_800_000;
const OUTPUT_MAX = 64 * 1024 * 1024;

/** Runs the chaos on a copy with each plant, with other seeds until it is found. */
export async function runPlants(options: PlantOptions): Promise<readonly PlantResult[]> {
  const results: PlantResult[] = [];
  for (const plant of options.plants.filter(({ name }) => name.includes(options.only ?? ''))) {
    const directory = mkdtempSync(join(tmpdir(), `headrace-plant-${plant.name}-`));
    try {
      await plantedCopy(options.root, plant, directory);
      const result = await searched(plant, directory, options);
      results.push(result);
      options.onResult(result);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
  return results;
}

async function searched(plant: Plant, directory: string, options: PlantOptions): Promise<PlantResult> {
  for (let attempt = 0; ; attempt++) {
    const seed = options.seed + attempt;
    options.onProgress(`${plant.name}: chaos with seed ${seed}`);
    const result = { plant, seed, ...(await chaosIn(directory, [...options.args, '--seed', String(seed)])) };
    if (result.isFound || attempt + 1 === SEEDS_MAX) return result;
  }
}

async function chaosIn(directory: string, args: readonly string[]): Promise<Pick<PlantResult, 'isFound' | 'said'>> {
  const command = ['scripts/run.mjs', 'test/chaos/main.ts', '--json', ...args];
  const ended = await promisify(execFile)(process.execPath, command, {
    cwd: directory,
    timeout: RUN_MAX_MS,
    maxBuffer: OUTPUT_MAX,
  }).then(
    ({ stdout }) => ({ stdout, stderr: '' }),
    (error: { readonly stdout: string; readonly stderr: string }) => error,
  );
  try {
    const { findings } = JSON.parse(ended.stdout) as { readonly findings: readonly string[] };
    return { isFound: findings.length > 0, said: findings[0] ?? 'nothing found' };
  } catch {
    // A run that could not be made has found nothing.
    return { isFound: false, said: `the run failed: ${ended.stderr.trim().split('\n').at(-1) ?? ''}` };
  }
}
