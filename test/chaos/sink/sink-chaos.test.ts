import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { SINK_STEPS } from '../../../src/runtime/sink/sink-options.ts';

const KILLS = 15;

/** The short form of `npm run chaos -- --sink`. */
it('whoever dies and wherever, readers of ClickHouse see row for row what the log says', { timeout: 290_000 }, () => {
  const script = fileURLToPath(new URL('../../../scripts/run.mjs', import.meta.url));
  const args = ['test/chaos/main.ts', '--sink', '--kills', String(KILLS), '--seed', '5', '--json'];
  const run = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', timeout: 280_000 });
  expect(run.status, `${run.stderr}\n${run.stdout}`).toBe(0);
  const report = JSON.parse(run.stdout) as {
    readonly kills: number;
    readonly hits: Record<string, number>;
    readonly faults: Record<string, number>;
    readonly transactions: number;
    readonly deadLetters: number;
  };
  expect(report.kills).toBe(KILLS);
  const places = new Set(Object.keys(report.hits).map((hit) => hit.split(':')[1]));
  for (const place of [...SINK_STEPS, 'table', 'during', 'random']) expect(places).toContain(place);
  for (const fault of ['insert:answer-lost', 'view-refused', 'writer-went-on'])
    expect(report.faults[fault], fault).toBeGreaterThan(0);
  expect(report.transactions).toBeGreaterThan(500);
  expect(report.deadLetters).toBeGreaterThan(2);
});
