import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runLoad } from './load-run.ts';

const HELP = `npm run load -- [--seconds 30] [--connections 100] [--batch 1] [--kill] [--kills N] [--rate-limit N]

POST /transactions against a process of its own on loopback; every 202 is looked for afterwards.
--kill kills it (SIGKILL) once meanwhile and starts it again, --kills N as often. Exits 1 where one is lost.
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    connections: { type: 'string', default: '100' },
    batch: { type: 'string', default: '1' },
    kill: { type: 'boolean', default: false },
    kills: { type: 'string' },
    'rate-limit': { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const place = mkdtempSync(join(tmpdir(), 'headrace-load-'));
  try {
    const rateLimit = values['rate-limit'];
    const report = await runLoad({
      dataDirectory: join(place, 'data'),
      seconds: Number(values.seconds),
      connections: Number(values.connections),
      batch: Number(values.batch),
      kills: values.kills === undefined ? Number(values.kill) : Number(values.kills),
      ...(rateLimit === undefined ? {} : { serverArgs: ['--rate-limit', rateLimit] }),
    });
    process.stdout.write(`${JSON.stringify({ ...report, lost: report.lost.length }, undefined, 2)}\n`);
    return report.lost.length === 0 && report.wrong.length === 0 ? 0 : 1;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
