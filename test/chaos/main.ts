import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chaosRun } from './chaos-run.ts';
import { mainOfPlants, mainOnKafka } from './kafka/main.ts';
import { STEPS } from './schedule.ts';
import { mainOfSinkPlants, mainOnSink } from './sink/main.ts';

const HELP = `npm run chaos -- [options]

Kills Headrace under load with SIGKILL, at each named step of its commits, log and sink and at random moments, starts it
again each time, and lets auditors compare input, log, withdrawals and ClickHouse at the end.

  --kills N     kills in all (80): the ${STEPS.length} named steps up to three times each, the rest at random
  --seed N      repeats a run's choices (drawn and printed otherwise)
  --kafka       workers on Apache Kafka instead: killed at the steps of their transactions, stopped beyond their session,
                leaving, losing their disks, with brokers killed as well (20 kills)
  --sink        the sink into ClickHouse alone (200 kills): it, the engine behind it, or both die at the steps of its protocol,
                between tables and within inserts; answers get lost, a view's target refuses, a stopped writer goes on late
  --records N   with --kafka: how many are sent meanwhile (1000 for each kill)
  --brokers N   with --kafka: 1 or 3 (3)
  --plants      with --kafka or --sink (15 kills): plants bugs in copies of the sources, one after the other, and says which of them the run finds
  --only NAME   with --plants: those alone whose name contains it
  --keep        keeps the data directory
  --json        the report as one JSON object
  --help
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string' },
      seed: { type: 'string' },
      kafka: { type: 'boolean', default: false },
      sink: { type: 'boolean', default: false },
      records: { type: 'string' },
      brokers: { type: 'string', default: '3' },
      plants: { type: 'boolean', default: false },
      only: { type: 'string' },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [kills, seed] = [
    Number(values.kills ?? killsUnlessTold(values)),
    Number(values.seed ?? Date.now() % 1_000_000),
  ];
  if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) {
    process.stderr.write(`--kills and --seed must be whole numbers\n\n${HELP}`);
    return 2;
  }
  if (values.kafka) {
    const records = Number(values.records ?? kills * 1_000);
    const brokers = Number(values.brokers);
    if (!Number.isInteger(records) || records < 1 || (brokers !== 1 && brokers !== 3)) {
      process.stderr.write(`--records must be a whole number, --brokers 1 or 3\n\n${HELP}`);
      return 2;
    }
    if (values.plants) return mainOfPlants({ kills, records, seed, brokers, only: values.only, json: values.json });
    return mainOnKafka({ kills, records, seed, brokers, keep: values.keep, json: values.json });
  }
  if (values.sink) {
    if (values.plants) return mainOfSinkPlants({ kills, seed, only: values.only, json: values.json });
    return mainOnSink({ kills, seed, keep: values.keep, json: values.json });
  }
  const directory = mkdtempSync(join(tmpdir(), 'headrace-chaos-'));
  const startedAt = performance.now();
  const onProgress = (line: string) =>
    void process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  const report = await chaosRun({
    kills,
    seed,
    directory,
    victim: fileURLToPath(new URL('./victim-process.js', import.meta.url)),
    onProgress,
  });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const isSound = report.findings.length === 0;
  if (isSound && !values.keep) rmSync(directory, { recursive: true, force: true });
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ seed, ...report })}\n`);
    return isSound ? 0 : 1;
  }
  for (const [step, hits] of Object.entries(report.hits))
    process.stdout.write(`${step.padEnd(28)} hit ${hits} times\n`);
  process.stdout.write(`${'at random'.padEnd(28)} ${report.randomKills} times\n`);
  process.stdout.write(
    `seed ${seed}: ${report.kills} kills in ${Math.round((performance.now() - startedAt) / 1_000)} s; ${report.sent} records sent, ${report.acknowledged} acknowledged, ${report.accepted} transactions accepted, ${report.withdrawals} withdrawals\n`,
  );
  for (const finding of report.findings) process.stdout.write(`  ${finding}\n`);
  process.stdout.write(
    isSound
      ? 'Nothing lost, doubled or out of order in log, state and ClickHouse; each withdrawal settled once.\n'
      : `${report.findings.length} findings; the data is kept in ${directory}\n`,
  );
  process.stdout.write(`${isSound ? 1 : 0} passed, ${isSound ? 0 : 1} failed\n`);
  return isSound ? 0 : 1;
}

function killsUnlessTold({ kafka, sink, plants }: Readonly<Record<'kafka' | 'sink' | 'plants', boolean>>): number {
  if (kafka) return 20;
  if (sink) return plants ? 15 : 200;
  return 80;
}
