import { parseArgs } from 'node:util';
import { wholeNumber } from '../numbers.ts';
import type { Workload } from '../workloads.ts';
import type { System } from './system.ts';

const KAFKA_WORKLOADS: readonly Workload[] = ['balances', 'stateless'];
const SYSTEMS: readonly System['name'][] = ['headrace', 'kafka-streams'];

export const KAFKA_HELP = `npm run bench -- kafka [options]

Headrace and Kafka Streams in turn on the same topics of a broker of their own (exactly once, one thread each): a JSON line for each run, then the
medians and the ratio of their records per CPU second. The outputs are compared key by key after each pair; a difference is an error (exit code 1).
Headrace is measured from the worker's start, Kafka Streams from the first record that it sees; both until the offsets of all records are committed.
Needs a JDK 17 and Maven.

  --workload NAME   ${KAFKA_WORKLOADS.join(', ')}; repeatable (balances; with --idle both)
  --records N       records of a run (1000000)
  --accounts N      accounts; repeatable (1000)
  --repeat N        pairs of runs, or kills with --restart (3)
  --commit-ms N     time between commits (100)
  --brokers LIST    HOST:PORT[,...] of a cluster that is there; the topics made on it stay there

  --idle            instead: a worker of many partitions with one record each every 100 ms; what it and the broker take of a core
  --partitions N    of --idle (100)

  --restart         instead: a process with much state is killed (SIGKILL) while records arrive and started again; time until its first output
  --keys N          accounts with state, of --restart (5000000)

  --handover        instead: two processes share the partitions and one leaves; longest gap and latency
  --rate N          records/s that arrive, of --handover (20000)

  --seconds N       how long is measured, of --idle and --handover (20)
  --system NAME     of --restart and --handover: ${SYSTEMS.join(', ')}; repeatable (both)
`;

export interface KafkaOptions {
  readonly mode: 'throughput' | 'idle' | 'restart' | 'handover';
  readonly workloads: readonly Workload[];
  readonly systems: readonly System['name'][];
  readonly brokers: string | undefined;
  readonly records: number;
  readonly accounts: readonly number[];
  readonly repeat: number;
  readonly commitMs: number;
  readonly partitions: number;
  readonly seconds: number;
  readonly keys: number;
  readonly recordsPerSecond: number;
}

/** Throws TypeError for what makes no sense, with what would. */
export function parseKafkaOptions(args: readonly string[]): KafkaOptions {
  const { values } = parse(args);
  const modes = (['idle', 'restart', 'handover'] as const).filter((mode) => values[mode]);
  if (modes.length > 1) throw new TypeError(`--${modes.join(' and --')} are measured one at a time.`);
  const mode = modes[0] ?? 'throughput';
  if (mode === 'idle' && values.brokers !== undefined) {
    throw new TypeError('--idle measures a broker of its own: leave --brokers away.');
  }
  if (values.system !== undefined && (mode === 'throughput' || mode === 'idle')) {
    throw new TypeError('--system is for --restart and --handover.');
  }
  const number = (name: 'records' | 'repeat' | 'commit-ms' | 'partitions' | 'seconds' | 'keys' | 'rate') =>
    wholeNumber(name, values[name]);
  return {
    mode,
    workloads: known(
      'workload',
      values.workload ?? (mode === 'idle' ? KAFKA_WORKLOADS : ['balances']),
      KAFKA_WORKLOADS,
    ),
    systems: mode === 'idle' ? [] : known('system', values.system ?? SYSTEMS, SYSTEMS),
    brokers: values.brokers,
    records: number('records'),
    accounts: values.accounts.map((text) => wholeNumber('accounts', text)),
    repeat: number('repeat'),
    commitMs: number('commit-ms'),
    partitions: number('partitions'),
    seconds: number('seconds'),
    keys: number('keys'),
    recordsPerSecond: number('rate'),
  };
}

function known<Name extends string>(what: string, given: readonly string[], names: readonly Name[]): readonly Name[] {
  return given.map((each) => {
    const found = names.find((name) => name === each);
    if (found === undefined)
      throw new TypeError(`There is no ${what} ${each} for kafka; there are ${names.join(', ')}.`);
    return found;
  });
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      workload: { type: 'string', multiple: true },
      system: { type: 'string', multiple: true },
      brokers: { type: 'string' },
      records: { type: 'string', default: '1000000' },
      accounts: { type: 'string', multiple: true, default: ['1000'] },
      repeat: { type: 'string', default: '3' },
      'commit-ms': { type: 'string', default: '100' },
      idle: { type: 'boolean', default: false },
      restart: { type: 'boolean', default: false },
      handover: { type: 'boolean', default: false },
      partitions: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '20' },
      keys: { type: 'string', default: '5000000' },
      rate: { type: 'string', default: '20000' },
    },
  });
}
