import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { javaProgram } from '../../java-program.ts';
import { kafkaSuite } from '../../kafka/suite.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** Maven may have to bring Kafka Streams the first time. */
const COMMAND_MAX_MS = 280_000;

interface Ran {
  readonly status: number;
  readonly lines: readonly Record<string, unknown>[];
  readonly stderr: string;
}

async function bench(...args: readonly string[]): Promise<Ran> {
  const command = [join(root, 'scripts/run.mjs'), 'bench/main.ts', 'kafka', ...args];
  const ran = await promisify(execFile)(process.execPath, command, { timeout: COMMAND_MAX_MS }).then(
    ({ stdout, stderr }) => ({ status: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ ...error, status: error.code }),
  );
  const lines = ran.stdout.trim() === '' ? [] : ran.stdout.trim().split('\n');
  return { status: ran.status, stderr: ran.stderr, lines: lines.map((line) => JSON.parse(line) as Ran['lines'][0]) };
}

/** Maven's packages can be missing where no network is; where CI runs this that is a failure. */
function peerIsHere(): boolean {
  if (process.env.CI !== undefined) return true;
  return 'classPath' in javaProgram(join(root, 'bench/peers/kafka-streams'), { name: 'kafka-streams-peer' });
}

kafkaSuite('npm run bench -- kafka', {}, (brokers) => {
  it('runs both on the same topics and finds their outputs equal', { timeout: 300_000 }, async (context) => {
    if (!peerIsHere()) return context.skip("Kafka Streams is neither in Maven's repository nor to be had");
    const ran = await bench('--brokers', brokers().bootstrap, '--records', '20000', '--repeat', '1');
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.lines.map(({ system }) => system)).toEqual(['headrace', 'kafka-streams', undefined]);
    expect(ran.lines.at(-1)).toMatchObject({ median: true, outputs: 'equal', outputRecords: 20_000 });
    for (const { recordsPerCpuSecond } of ran.lines.slice(0, 2)) expect(recordsPerCpuSecond).toBeGreaterThan(0);
  });

  it('kills a process with state and finds each record counted once', { timeout: 120_000 }, async () => {
    const size = ['--keys', '5000', '--repeat', '1', '--system', 'headrace'];
    const ran = await bench('--restart', '--brokers', brokers().bootstrap, ...size);
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.lines).toMatchObject([{ system: 'headrace', keys: 5_000, counts: 'right' }]);
    expect(ran.lines[0]!.medianBackAfterMs).toBeLessThan(30_000);
  });
});

describe('npm run bench -- kafka, used wrongly', () => {
  it('says what is wrong and ends with 2', async () => {
    const { status, stderr, lines } = await bench('--records', '1e6');
    expect([status, stderr.trim(), lines]).toEqual([2, '--records is a whole number of at least 1, not "1e6"', []]);
  });
});
