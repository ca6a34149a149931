import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Plant, plantedCopy, plantsIn } from '../plants/plants.ts';

/** From where this was compiled to. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const RUN_MAX_MS = 600_000;
const OUTPUT_MAX = 64 * 1024 * 1024;

export interface RunPlantsOptions {
  /** Those alone whose name contains it. */
  readonly only: string;
  readonly seeds: number;
  readonly onLine: (line: string) => void;
}

/** The bugs that the simulation is to find, by name. */
export function simulationPlants(root: string): readonly Plant[] {
  return plantsIn(join(root, 'test/simulation/planted'));
}

/** Simulates a copy of the sources with each of the planted bugs. Returns 0 where every one is found, 1 otherwise. */
export async function runPlants({ only, seeds, onLine }: RunPlantsOptions): Promise<number> {
  let [found, missed] = [0, 0];
  for (const plant of simulationPlants(ROOT).filter(({ name }) => name.includes(only))) {
    const said = await searched(plant, seeds);
    if (said.isFound) found++;
    else missed++;
    onLine(`${plant.name.padEnd(30)} ${said.isFound ? 'found' : 'NOT FOUND'}: ${said.text.slice(0, 300)}`);
  }
  onLine(`${found} passed, ${missed} failed`);
  return missed === 0 ? 0 : 1;
}

async function searched(plant: Plant, seeds: number): Promise<{ readonly isFound: boolean; readonly text: string }> {
  const directory = mkdtempSync(join(tmpdir(), `headrace-plant-${plant.name}-`));
  try {
    await plantedCopy(ROOT, plant, directory);
    const args = ['scripts/run.mjs', 'test/simulation/main.ts', '--seeds', String(seeds), '--no-shrink', '--json'];
    const limits = { cwd: directory, timeout: RUN_MAX_MS, maxBuffer: OUTPUT_MAX };
    const ended = await promisify(execFile)(process.execPath, args, limits).then(
      ({ stdout }) => ({ stdout, stderr: '' }),
      (error: { readonly stdout: string; readonly stderr: string }) => error,
    );
    return verdict(ended);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function verdict({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) {
  try {
    const { failures } = JSON.parse(stdout) as { readonly failures: readonly { target: string; message: string }[] };
    const [first] = failures;
    return {
      isFound: first !== undefined,
      text: first === undefined ? 'nothing' : `${first.target}, ${first.message}`,
    };
  } catch {
    // A run that could not be made has found nothing.
    return { isFound: false, text: `the run failed: ${stderr.trim().split('\n').slice(-3).join(' ')}` };
  }
}
