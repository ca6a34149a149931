import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { missingTools } from '../../kafka/provision.ts';

const missing = missingTools();
/** CI takes its time; so does who sets CI. */
const KILLS = process.env.CI === undefined ? 6 : 20;
const RECORDS = KILLS * 1_000;

/** The short form of `npm run chaos -- --kafka`. */
describe.skipIf(missing !== undefined && process.env.CI === undefined)('workers on Apache Kafka', () => {
  it('killed, stopped and thrown out, with brokers killed too, count every record once and in order', {
    timeout: 280_000,
  }, () => {
    const script = fileURLToPath(new URL('../../../scripts/run.mjs', import.meta.url));
    const args = ['--kafka', '--kills', String(KILLS), '--records', String(RECORDS), '--seed', '11', '--json'];
    const run = spawnSync(process.execPath, [script, 'test/chaos/main.ts', ...args], {
      encoding: 'utf8',
      timeout: 270_000,
    });
    expect(run.status, `${run.stderr}\n${run.stdout}`).toBe(0);
    const report = JSON.parse(run.stdout) as {
      readonly kills: number;
      readonly stops: number;
      readonly outputs: number;
    };
    expect(report.kills).toBeGreaterThanOrEqual(KILLS);
    // The last round adds one of each key; that none is missing or doubled the auditors have seen.
    expect(report.outputs).toBeGreaterThan(RECORDS);
  });
});
