import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlantResult } from '../run-plants.ts';
import { runSinkPlants } from './plants.ts';
import { sinkChaos } from './sink-chaos.ts';

export interface SinkChaosArguments {
  readonly kills: number;
  readonly seed: number;
  readonly keep: boolean;
  readonly json: boolean;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** `npm run chaos -- --sink`. Resolves with the exit code. */
export async function mainOnSink({ kills, seed, keep, json }: SinkChaosArguments): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'headrace-chaos-sink-'));
  const startedAt = performance.now();
  const onProgress = (line: string) =>
    void process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  const report = await sinkChaos({ kills, seed, directory, sql: join(root, 'sql'), onProgress });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const isSound = report.findings.length === 0;
  if (isSound && !keep) rmSync(directory, { recursive: true, force: true });
  if (json) {
    process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
    return isSound ? 0 : 1;
  }
  for (const [kind, times] of Object.entries(report.hits))
    process.stdout.write(`${kind.padEnd(28)} killed ${times} times\n`);
  for (const [fault, times] of Object.entries(report.faults))
    process.stdout.write(`${fault.padEnd(28)} ${times} times\n`);
  if (report.leftOut !== undefined)
    process.stdout.write(`Left out: kills between a token and its part (${report.leftOut})\n`);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  process.stdout.write(
    `seed ${seed}: ${report.kills} kills in ${seconds} s; ${report.transactions} transactions, ${report.deadLetters} dead letters\n`,
  );
  for (const finding of report.findings) process.stdout.write(`  ${finding}\n`);
  process.stdout.write(
    isSound
      ? 'Readers see row for row what the log says, in tables, look-ups and summaries; nothing is under way.\n'
      : `${report.findings.length} findings; the data is kept in ${directory}\n`,
  );
  process.stdout.write(`${report.kills} kills, ${isSound ? 1 : 0} passed, ${isSound ? 0 : 1} failed\n`);
  return isSound ? 0 : 1;
}

/** `npm run chaos -- --sink --plants`: 0 where every planted bug is found. */
export async function mainOfSinkPlants({
  json,
  ...options
}: Omit<SinkChaosArguments, 'keep'> & { readonly only?: string | undefined }): Promise<number> {
  const onProgress = (line: string) => void process.stderr.write(`${line}\n`);
  const onResult = ({ plant, seed, isFound, said }: PlantResult) => {
    const line = `${plant.name.padEnd(28)} ${isFound ? 'found' : 'NOT FOUND'} (seed ${seed}): ${said}\n`;
    (json ? process.stderr : process.stdout).write(line);
  };
  const results = await runSinkPlants({ ...options, root, onProgress, onResult });
  const found = results.filter(({ isFound }) => isFound).length;
  process.stdout.write(json ? `${JSON.stringify(results)}\n` : `${found} passed, ${results.length - found} failed\n`);
  return found === results.length && found > 0 ? 0 : 1;
}
