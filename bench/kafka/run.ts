import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Brokers, startBrokers } from '../../test/kafka/brokers.ts';
import type { Workload } from '../workloads.ts';
import { idle } from './idle.ts';
import { openLog } from './log.ts';
import { Peer } from './peer.ts';
import { throughput } from './throughput.ts';

const KAFKA_WORKLOADS: readonly Workload[] = ['balances', 'stateless'];

export const KAFKA_HELP = `npm run bench -- kafka [options]

Headrace and Kafka Streams in turn on the same topics of a broker of their own (exactly once, a commit every 100 ms, one thread each): a JSON line for each
run, then the medians and the ratio of their records per CPU second. Their outputs are compared key by key after each pair; a difference is an
error. Headrace is measured from the worker's start, Kafka Streams from the first record that it sees. Needs a JDK 17 and Maven.

  --workload NAME   ${KAFKA_WORKLOADS.join(', ')}; repeatable (balances)
  --records N       records of a run (1000000)
  --accounts N      accounts; repeatable (1000)
  --repeat N        pairs of runs (3)
  --idle            instead: a worker of many partitions with one record each every 100 ms; what it and the broker take of a core
  --partitions N    of --idle (100)
  --seconds N       of --idle (20)
`;

/** Resolves with the exit code; throws TypeError for options that are none. */
export async function runKafka(args: readonly string[]): Promise<number> {
  const { values } = parse(args);
  const workloads = (values.workload ?? ['balances']) as readonly Workload[];
  const unknown = workloads.find((workload) => !KAFKA_WORKLOADS.includes(workload));
  if (unknown !== undefined) {
    throw new TypeError(`There is no workload ${unknown} for kafka; there are ${KAFKA_WORKLOADS.join(', ')}.`);
  }
  const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const peer = values.idle ? undefined : Peer.find();
  const brokers = await startBrokers({ onProgress: (text) => process.stderr.write(`${text}\n`) });
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  const log = openLog(brokers.bootstrap, join(directory, 'own'));
  const common = { brokers: brokers.bootstrap, directory, log, commitMs: 100, print };
  try {
    for (const workload of workloads) {
      if (peer === undefined) await idle({ ...common, ...idleOptions(values, brokers), workload });
      else await throughputs(values, { ...common, peer, workload });
    }
    return 0;
  } finally {
    await log.close();
    await brokers.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Values = ReturnType<typeof parse>['values'];

function idleOptions(values: Values, brokers: Brokers) {
  const [partitions, seconds] = [Number(values.partitions), Number(values.seconds)];
  return { brokerPid: brokers.processes[0]!.pid!, partitions, seconds };
}

async function throughputs(
  values: Values,
  options: Omit<Parameters<typeof throughput>[0], 'accounts' | 'records' | 'repeat'>,
): Promise<void> {
  const [records, repeat] = [Number(values.records), Number(values.repeat)];
  for (const accounts of values.accounts.map(Number)) await throughput({ ...options, accounts, records, repeat });
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string', multiple: true },
      records: { type: 'string', default: '1000000' },
      accounts: { type: 'string', multiple: true, default: ['1000'] },
      repeat: { type: 'string', default: '3' },
      idle: { type: 'boolean', default: false },
      partitions: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '20' },
    },
  });
}
