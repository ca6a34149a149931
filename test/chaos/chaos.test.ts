import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CORE_STEPS, STEPS, scheduleKills } from './schedule.ts';

/** The short form of `npm run chaos`: each named step once, and one kill at random. */
it('killed at each named step, Headrace loses, doubles and reorders nothing', { timeout: 240_000 }, () => {
  const kills = STEPS.length + 1;
  const script = fileURLToPath(new URL('../../scripts/run.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [script, 'test/chaos/main.ts', '--kills', String(kills), '--json'], {
    encoding: 'utf8',
    timeout: 230_000,
  });
  expect(run.status, `${run.stderr}\n${run.stdout}`).toBe(0);
  const report = JSON.parse(run.stdout) as {
    kills: number;
    hits: Record<string, number>;
    acknowledged: number;
    sent: number;
  };
  expect(report.kills).toBe(kills);
  expect(report.acknowledged).toBe(report.sent);
  expect(Object.values(report.hits).filter((hits) => hits > 0).length).toBe(STEPS.length);
});

it.each([
  [50, CORE_STEPS],
  [80, STEPS],
])('%d kills are planned with these steps three times', (kills, steps) => {
  const plan = scheduleKills(kills, () => 0.5);
  const planned = plan.flatMap((kill) => ('step' in kill ? [kill.step] : []));
  for (const step of steps) expect(planned.filter((each) => each === step)).toHaveLength(3);
  for (const step of STEPS) expect(planned).toContain(step);
  expect(plan).toHaveLength(kills);
});
