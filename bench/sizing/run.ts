import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../numbers.ts';
import { own } from '../own-process.ts';
import { writeInput } from './input.ts';
import { clickHouseBytes, logBytes } from './stored-bytes.ts';

export const SIZING_HELP = `npm run bench -- sizing [options]

Takes generated transactions of a year in with "headrace start --once", makes a backup, restores it, and prints as JSON what each took:
time, and bytes of log, state and ClickHouse. docs/SIZING.md reckons with these figures.

  --records N       transactions (200000)
  --accounts N      accounts (1000)
  --directory DIR   where it is done (the system's temporary directory)
`;

const RUN_MAX_MS = 500_000;
const BIN = join(process.cwd(), 'bin', 'headrace.mjs');

/** Resolves with the exit code; throws TypeError for options that are none. */
export async function runSizing(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      records: { type: 'string', default: '200000' },
      accounts: { type: 'string', default: '1000' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  const [records, accounts] = [wholeNumber('records', values.records), wholeNumber('accounts', values.accounts)];
  const place = mkdtempSync(join(values.directory, 'headrace-sizing-'));
  const [input, data, backup, restored] = ['in.ndjson', 'data', 'backup', 'restored'].map((name) =>
    join(place, name),
  ) as [string, string, string, string];
  try {
    await writeInput(input, records, accounts);
    const once = await timed<{ readonly seconds: number }>(['start', '--once', '--input', input, '--data', data]);
    const made = await timed<{ readonly bytes: number; readonly seconds: number }>([
      'backup',
      '--to',
      backup,
      '--data',
      data,
    ]);
    const back = await timed<{ readonly seconds: number }>(['restore', backup, '--data', restored]);
    const result = {
      records,
      accounts,
      inputBytes: statSync(input).size,
      intakeSeconds: once.result.seconds,
      recordsPerSecond: Math.round(records / once.result.seconds),
      reconciledSeconds: once.seconds,
      cpuSeconds: once.cpuSeconds,
      peakMemoryBytes: once.peakMemoryBytes,
      logFileBytes: statSync(join(data, 'log', 'data.mdb')).size,
      logFileCompactBytes: statSync(join(backup, 'log', 'data.mdb')).size,
      ...(await logBytes(restored)),
      clickhouse: await clickHouseBytes(restored),
      backup: { ...made.result, cpuSeconds: made.cpuSeconds },
      restore: { seconds: back.result.seconds, cpuSeconds: back.cpuSeconds },
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return 0;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

interface Timed<Result> {
  readonly result: Result;
  readonly seconds: number;
  /** Of all its threads; ClickHouse's are among them. */
  readonly cpuSeconds: number;
  /** The greatest resident memory of the process. */
  readonly peakMemoryBytes: number;
}

/** Runs a command of headrace to its good end. Rejects with what it said where that is another one. */
function timed<Result>(args: readonly string[]): Promise<Timed<Result>> {
  const startedAt = Date.now();
  // The process says what it took at its end; a parent is not told.
  const script = `process.on('exit', () => { const used = process.resourceUsage(); process.stderr.write('used ' + used.maxRSS + ' ' + (used.userCPUTime + used.systemCPUTime) + '\\n'); }); process.argv.splice(1, 1); await import(process.argv[1]);`;
  const child = own(
    spawn(process.execPath, ['--input-type=module', '--eval', script, '--', 'x', BIN, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_MAX_MS);
  let [out, err] = ['', ''];
  child.stdout!.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code !== 0) return reject(new RangeError(`headrace ${args[0]} ended with ${code}: ${err}`));
      const [, peakKib, cpuMicroseconds] = /^used (\d+) (\d+)$/m.exec(err) ?? [];
      resolve({
        result: JSON.parse(out) as Result,
        seconds: (Date.now() - startedAt) / 1_000,
        cpuSeconds: Number(cpuMicroseconds) / 1e6,
        peakMemoryBytes: Number(peakKib) * 1_024,
      });
    });
  });
}
