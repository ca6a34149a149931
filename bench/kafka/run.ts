import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Brokers, startBrokers } from '../../test/kafka/brokers.ts';
import { handover } from './handover.ts';
import { idle } from './idle.ts';
import { openLog } from './log.ts';
import { type KafkaOptions, parseKafkaOptions } from './options.ts';
import { Peer } from './peer.ts';
import { restart } from './restart.ts';
import { headrace, type System } from './system.ts';
import { throughput } from './throughput.ts';

const say = (text: string) => void process.stderr.write(`${text}\n`);
const print = (line: object) => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** Resolves with the exit code; throws TypeError for options that are none. */
export async function runKafka(args: readonly string[]): Promise<number> {
  const options = parseKafkaOptions(args);
  const systems = options.systems.map((name): System => (name === 'headrace' ? headrace : Peer.find()));
  const own = options.brokers === undefined ? await startBrokers({ onProgress: say }) : undefined;
  const directory = mkdtempSync(join(tmpdir(), 'headrace-bench-'));
  const clean = async () => {
    await own?.close();
    rmSync(directory, { recursive: true, force: true });
  };
  // Brokers outlive the process that started them.
  const onSignal = () => void clean().finally(() => process.exit(130));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const brokers = options.brokers ?? own!.bootstrap;
  const log = openLog(brokers, join(directory, 'own'));
  try {
    // New brokers make what they keep groups in now, not while somebody is measured.
    await log.committedOffsets('bench');
    await run(options, systems, { brokers, directory, log, print, commitMs: options.commitMs }, own);
    return 0;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, onSignal);
    await log.close();
    await clean();
  }
}

type Common = Pick<Parameters<typeof throughput>[0], 'brokers' | 'directory' | 'log' | 'print' | 'commitMs'>;

async function run(options: KafkaOptions, systems: readonly System[], common: Common, own?: Brokers): Promise<void> {
  const { mode, workloads, accounts, records, repeat, partitions, seconds, keys, recordsPerSecond } = options;
  switch (mode) {
    case 'throughput':
      for (const workload of workloads) {
        const pair = [systems[0]!, systems[1]!] as const;
        for (const each of accounts) {
          await throughput({ ...common, systems: pair, workload, accounts: each, records, repeat });
        }
      }
      break;
    case 'idle':
      for (const workload of workloads) {
        await idle({ ...common, brokerPid: own!.processes[0]!.pid!, workload, partitions, seconds });
      }
      break;
    case 'restart':
      await restart({ ...common, systems, keys, repeat });
      break;
    case 'handover':
      for (const each of accounts) {
        await handover({ ...common, systems, recordsPerSecond, accounts: each, seconds });
      }
  }
}
