import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { simulationPlants } from './run-plants.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** CI takes its time; so does who sets CI. */
const SEEDS = process.env.CI === undefined ? 4 : 40;

function simulated(...args: readonly string[]) {
  const script = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
  const run = [script, 'test/simulation/main.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: root, encoding: 'utf8', timeout: 280_000 });
}

/** The short form of `npm run simulate`. */
it('finds nothing in the systems of the bank and the scenarios of the parity tests', { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = simulated('--seeds', String(SEEDS), '--json');
  expect(status, `${stderr}\n${stdout}`).toBe(0);
  const report = JSON.parse(stdout) as { readonly passed: number; readonly failures: readonly unknown[] };
  expect(report.failures).toEqual([]);
  expect(report.passed).toBeGreaterThanOrEqual(22 * SEEDS);
});

it('says what is wrong with its options', { timeout: 60_000 }, () => {
  for (const args of [['--seeds', 'many'], ['--only', 'no such topology'], ['--jobs', '0'], ['--unknown']]) {
    const { status, stderr } = simulated(...args);
    expect([status, stderr]).toEqual([2, expect.stringContaining('npm run simulate')]);
  }
});

describe('the planted bugs', () => {
  const plants = simulationPlants(root);

  it('are many', () => {
    expect(plants.length).toBeGreaterThanOrEqual(15);
  });

  it.each(plants)('$name can be planted', ({ path, what }) => {
    execFileSync('git', ['apply', '--check', path], { cwd: root });
    expect(what.length).toBeGreaterThan(20);
  });

  // All of them are found by `npm run simulate -- --plants --seeds 200`.
  it('are found, to take one of them', { timeout: 300_000 }, () => {
    const { status, stdout, stderr } = simulated('--plants', '--only', 'read-after-rollback', '--seeds', '200');
    expect([status, stderr.includes('Error')], `${stderr}\n${stdout}`).toEqual([0, false]);
    expect(stdout).toMatch(/read-after-rollback +found: .+ differs/);
  });
});
