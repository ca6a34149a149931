import { isIn } from './imports.ts';
import { type Exception, type SourceFile, type Violation, violationsOf } from './source-file.ts';

export const linesMax = 300;

/** Files over 300 lines that mix nothing, and why they stay whole. */
export const longFileExceptions: readonly Exception[] = [];

/** Folders of test that belong to no single source. */
export const unmirroredTestFolders: readonly Exception[] = [
  { path: 'test/conformance', reason: 'one suite for all adapters of a port' },
  { path: 'test/chaos', reason: 'kills whole processes' },
  { path: 'test/simulation', reason: 'the whole engine under a seed' },
  { path: 'test/load', reason: 'a process of its own under load' },
  { path: 'test/kafka', reason: 'brokers of Apache Kafka for tests' },
  { path: 'test/deploy', reason: 'what containers are made of, which is no source' },
  { path: 'test/e2e', reason: 'the command line from outside' },
  { path: 'test/tidy', reason: 'the rules of the house' },
  { path: 'test/types', reason: 'what the compiler accepts' },
  { path: 'test/parity', reason: 'compares with Kafka Streams' },
  { path: 'test/bench', reason: 'mirrors bench, not src' },
];

/** Tests that are named after a fault or a promise, because no single source keeps it. */
export const unmirroredTests: readonly Exception[] = [
  { path: 'test/clickhouse/money-round-trip.test.ts', reason: 'encoder, engine and query together' },
  { path: 'test/clickhouse/killed-at-rename.test.ts', reason: 'kills the engine within an insert, under strace' },
  { path: 'test/clickhouse/merges-synced.test.ts', reason: 'runs the engine under strace' },
  { path: 'test/clickhouse/tiers/aged-rows.test.ts', reason: 'settings, tables, engine, freeze and disks together' },
  { path: 'test/clickhouse/tiers/killed-while-moving.test.ts', reason: 'kills the engine while it moves parts' },
  { path: 'test/clickhouse/queries/rows-read.test.ts', reason: 'tables, named queries and engine together' },
  { path: 'test/serde/avro/flipped-bits.test.ts', reason: 'damages what reader, checks and frame catch together' },
  { path: 'test/runtime/schema-unavailable.test.ts', reason: 'takes the schema registry away beneath the worker' },
  { path: 'test/runtime/sink/sink-crash.test.ts', reason: 'kills the sink at each step of its protocol' },
  { path: 'test/runtime/sink/sink-ahead.test.ts', reason: 'asks one promise of the sink in many ways' },
  { path: 'test/clickhouse/sink/refusals.test.ts', reason: 'engine, encoder and set-aside together' },
  { path: 'test/log/kafka/client/against-kafka.test.ts', reason: 'the client as a whole against real brokers' },
  {
    path: 'test/log/kafka/client/authentication.test.ts',
    reason: 'connection and client against a real broker with SASL',
  },
  { path: 'test/log/kafka/bad-input.test.ts', reason: 'what producers and operators do wrong, through a worker' },
  { path: 'test/log/kafka/client/histories.test.ts', reason: 'producers, brokers and consumers together' },
  { path: 'test/log/embedded/kill.test.ts', reason: 'kills a process that writes the log' },
  { path: 'test/log/embedded/copy-beside.test.ts', reason: 'copies the log in another process, which is killed' },
  { path: 'test/log/embedded/sync-before-acknowledgement.test.ts', reason: 'watches the process under strace' },
  { path: 'test/runtime/idle-ticks-edges.test.ts', reason: 'asks idle ticks what only a whole worker can tell' },
  {
    path: 'test/runtime/idle-ticks-replay.test.ts',
    reason: 'lets a seed plant faults around idle ticks and their replay',
  },
  {
    path: 'test/runtime/async/calls-under-faults.test.ts',
    reason: 'lets a seed plant faults beneath workers that call somebody outside',
  },
  { path: 'test/runtime/async/calls-and-kills.test.ts', reason: 'kills a process that calls somebody outside' },
  { path: 'test/runtime/parking-faults.test.ts', reason: 'replays dead letters while a seed plants faults' },
  { path: 'test/runtime/worker-idle.test.ts', reason: 'asks one promise of the worker in many ways' },
  { path: 'test/runtime/worker-faults.test.ts', reason: 'lets a seed plant faults beneath the worker' },
  { path: 'test/topologies/atm-dispense/every-order.test.ts', reason: 'three systems around one withdrawal' },
  { path: 'test/storage/full-disk.test.ts', reason: 'fills a disk beneath the storage' },
];

/** Sources too long to hold one thing. Test data and prose are not meant. */
export function lengthViolations(file: SourceFile): readonly Violation[] {
  if (!/\.(ts|mjs)$/.test(file.path) || longFileExceptions.some((each) => each.path === file.path)) return [];
  const lines = file.text.replace(/\n$/, '').split('\n').length;
  return lines <= linesMax ? [] : [{ path: file.path, line: lines, what: `${lines} lines: ask what is mixed` }];
}

const machinePaths = /(?<![\w./-])\/(?:work|root)\//g;
// Written in pieces, so that this file does not name them itself.
const registryHosts = ['registry.npmjs', 'repo1.maven', 'deb.debian'].map((name) => `${name}.org`);

/** Names of the machine this was written on, and of the hosts its packages came from. */
export function machineViolations(file: SourceFile): readonly Violation[] {
  if (file.path === 'test/tidy/files.ts' || file.path === 'test/tidy/files.test.ts') return [];
  const hosts = new RegExp(registryHosts.map((host) => host.replaceAll('.', '\\.')).join('|'), 'gi');
  return [
    ...violationsOf(file.path, file.text, machinePaths, (found) => `${found} is a path of one machine`),
    ...violationsOf(file.path, file.text, hosts, (found) => `${found} is the host of a registry`),
  ];
}

/** A test whose path mirrors no source: test/X/Y.test.ts belongs to src/X/Y.ts (or topologies/…), or to that folder. */
export function mirrorViolations(file: SourceFile, paths: readonly string[]): readonly Violation[] {
  if (!isIn(file.path, 'test') || !file.path.endsWith('.test.ts')) return [];
  if ([...unmirroredTestFolders, ...unmirroredTests].some((each) => isIn(file.path, each.path))) return [];
  const subject = file.path.slice('test/'.length, -'.test.ts'.length);
  const sources = [`src/${subject}`, subject];
  const isMirror = sources.some((source) => paths.some((path) => path === `${source}.ts` || isIn(path, source)));
  return isMirror ? [] : [{ path: file.path, line: 1, what: `mirrors no source: src/${subject}.ts is not there` }];
}
