import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type KafkaRelease, kafkaClasspath } from '../../../kafka/provision.ts';
import type { Seen } from './histories.ts';

/** Long enough to join the group and come to the end; it stops when nothing more comes for so long. */
const SILENCE_MS = 4_000;
/** On a machine with much to do it may not have come to the first record by then: where it printed nothing it has so long once more. */
const PATIENCE_MS = 20_000;

/** What the JVM's console consumer prints of topics, by topic: committed records with their offsets. */
export async function printedByTheJvm(
  bootstrap: string,
  topics: readonly string[],
  release: KafkaRelease = '4.1',
): Promise<ReadonlyMap<string, readonly Seen[]>> {
  const hasty = await printedWithin(bootstrap, topics, release, SILENCE_MS);
  const stdout = hasty === '' ? await printedWithin(bootstrap, topics, release, PATIENCE_MS) : hasty;
  const seen = new Map<string, Seen[]>(topics.map((topic) => [topic, []]));
  for (const [, offset, value = ''] of stdout.matchAll(/^Offset:(\d+)\t(.*)$/gm)) {
    seen.get(value.split(' ')[0] ?? '')?.push({ offset: Number(offset), value });
  }
  return seen;
}

async function printedWithin(
  bootstrap: string,
  topics: readonly string[],
  release: KafkaRelease,
  silenceMs: number,
): Promise<string> {
  const properties = ['print.offset=true', 'print.partition=false'].flatMap((each) => ['--property', each]);
  const { stdout } = await promisify(execFile)(
    'java',
    [
      ...['-Xmx128m', '-cp', await kafkaClasspath(release), 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
      ...['--bootstrap-server', bootstrap, '--include', topics.join('|'), '--from-beginning'],
      ...['--isolation-level', 'read_committed', '--timeout-ms', String(silenceMs), ...properties],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}
