import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type PlantResult, runPlants } from '../run-plants.ts';
import { kafkaChaos } from './kafka-chaos.ts';
import { chaosPlants } from './plants.ts';

export interface KafkaChaosArguments {
  readonly kills: number;
  readonly records: number;
  readonly seed: number;
  readonly brokers: 1 | 3;
  readonly keep: boolean;
  readonly json: boolean;
}

/** `npm run chaos -- --kafka`. Resolves with the exit code. */
export async function mainOnKafka({ keep, json, ...options }: KafkaChaosArguments): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-chaos-kafka-'));
  const startedAt = performance.now();
  const onProgress = (line: string) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  };
  const report = await kafkaChaos({ ...options, directory, onProgress });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const isSound = report.findings.length === 0;
  if (isSound && !keep) rmSync(directory, { recursive: true, force: true });
  if (json) {
    process.stdout.write(`${JSON.stringify({ seed: options.seed, ...report })}\n`);
    return isSound ? 0 : 1;
  }
  for (const [step, hits] of Object.entries(report.hits))
    process.stdout.write(`${step.padEnd(28)} hit ${hits} times\n`);
  for (const [step, hits] of Object.entries(report.stoppedAt))
    process.stdout.write(`${step.padEnd(28)} stopped at ${hits} times\n`);
  for (const [fate, times] of Object.entries(report.proxies.fates))
    process.stdout.write(`${`requests: ${fate}`.padEnd(28)} ${times} times\n`);
  for (const [code, times] of Object.entries(report.faults))
    process.stdout.write(`${code.padEnd(28)} ${times} times\n`);
  const { kills, sinkKills, stops, leaves, guests, lostDisks, brokerKills, records, outputs } = report;
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  process.stdout.write(
    `seed ${options.seed}: ${kills} workers and ${sinkKills} sinks killed, ${stops} stopped beyond their session, ${leaves} left, ${guests} came for two seconds, ${lostDisks} disks lost, ${brokerKills} brokers killed in ${seconds} s; ${records} records, ${outputs} outputs; ${report.proxies.commits} commits under attack\n`,
  );
  for (const finding of report.findings) process.stdout.write(`  ${finding}\n`);
  process.stdout.write(
    isSound
      ? 'Every record counted once, in order; no transaction hangs.\n'
      : `${report.findings.length} findings; the data is kept in ${directory}\n`,
  );
  process.stdout.write(`${isSound ? 1 : 0} passed, ${isSound ? 0 : 1} failed\n`);
  return isSound ? 0 : 1;
}

/** `npm run chaos -- --kafka --plants`: 0 where every planted bug is found. */
export async function mainOfPlants({
  json,
  seed,
  only,
  ...numbers
}: Omit<KafkaChaosArguments, 'keep'> & { readonly only?: string | undefined }): Promise<number> {
  const root = fileURLToPath(new URL('../../../../', import.meta.url));
  const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
  // One after the other, for each takes minutes.
  const onResult = ({ plant, seed, isFound, said }: PlantResult) => {
    const line = `${plant.name.padEnd(28)} ${isFound ? 'found' : 'NOT FOUND'} (seed ${seed}): ${said}\n`;
    (json ? process.stderr : process.stdout).write(line);
  };
  const args = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const plants = chaosPlants(root);
  const results = await runPlants({
    ...{ root, plants, args: ['--kafka', ...args], seed, only },
    ...{ onProgress, onResult },
  });
  const found = results.filter(({ isFound }) => isFound).length;
  process.stdout.write(json ? `${JSON.stringify(results)}\n` : `${found} passed, ${results.length - found} failed\n`);
  return found === results.length && found > 0 ? 0 : 1;
}
