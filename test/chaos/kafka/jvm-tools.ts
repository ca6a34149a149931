import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Brokers } from '../../kafka/brokers.ts';
import { kafkaClasspath } from '../../kafka/provision.ts';
import { type OutputRow, parseRow } from './output-auditor.ts';

/** The JVM's consumer gives up when nothing came for so long. */
const SILENCE_MS = 8_000;
const OUTPUT_MAX = 1024 * 1024 * 1024;
const TOOL_MAX_MS = 300_000;

async function java(main: string, args: readonly string[]): Promise<string> {
  const command = ['-Xmx256m', '-cp', await kafkaClasspath('4.1'), main, ...args];
  const { stdout } = await promisify(execFile)('java', command, { maxBuffer: OUTPUT_MAX, timeout: TOOL_MAX_MS });
  return stdout;
}

/** The rows that the JVM's console consumer prints of a topic, committed ones only. */
export async function readByTheJvm(brokers: Brokers, topic: string): Promise<readonly OutputRow[]> {
  const printed = await java('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--bootstrap-server', brokers.inside, '--topic', topic, '--from-beginning', '--property', 'print.key=true'],
    ...['--isolation-level', 'read_committed', '--timeout-ms', String(SILENCE_MS)],
  ]);
  return [...printed.matchAll(/^((?:key|group)-\d+)\t(.*)$/gm)].map(([, key, value]) => parseRow(key!, value!));
}

/** What Kafka's own tool finds of transactions that nobody will end. */
export async function hangingTransactions(brokers: Brokers): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const { plan } of brokers.processes) {
    const args = ['--bootstrap-server', brokers.inside, 'find-hanging', '--broker-id', `${plan.nodeId}`];
    const [, ...rows] = (await java('org.apache.kafka.tools.TransactionsCommand', args)).trim().split('\n');
    findings.push(...rows.filter((row) => row.trim() !== '').map((row) => `a transaction hangs: ${row}`));
  }
  return findings;
}
