import { spawnSync } from 'node:child_process';
import { inOrder, type SeenRecord, type SentRecord, seenRecord } from './client-record.ts';
import { ownCommand } from './own-command.ts';

/** Why librdkafka's command can't be asked, in words that say what to install; undefined where it can. */
export function missingKcat(): string | undefined {
  const { error, status } = spawnSync('kcat', ['-V']);
  return error === undefined && status === 0
    ? undefined
    : 'no kcat is on the path; install it (Debian: apt-get install kcat)';
}

export interface KcatSending {
  readonly codec?: 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** Of librdkafka, such as `partitioner=murmur2_random`. */
  readonly properties?: readonly string[];
}

/** Sends records of one client, all with a key or all without. */
export async function sendByKcat(
  bootstrap: string,
  topic: string,
  records: readonly SentRecord[],
  { codec, properties = [] }: KcatSending = {},
): Promise<void> {
  const hasKeys = records[0]!.key !== null;
  const lines = records.map(({ key, value }) => (hasKeys ? `${key}\t${value}\n` : `${value}\n`));
  await ownCommand(
    'kcat',
    [
      ...['-P', '-b', bootstrap, '-t', topic, '-H', `client=${records[0]!.client}`],
      ...(hasKeys ? ['-K', '\t'] : []),
      ...(codec === undefined ? [] : ['-z', codec]),
      ...properties.flatMap((property) => ['-X', property]),
    ],
    lines.join(''),
  );
}

/** Ends a record: no header of ours has these two. */
const END = '\x1e\n';

/** The committed records of a topic, from its beginning to its end. */
export async function readByKcat(bootstrap: string, topic: string): Promise<readonly SeenRecord[]> {
  const printed = await ownCommand('kcat', [
    ...['-C', '-e', '-q', '-b', bootstrap, '-t', topic, '-o', 'beginning', '-X', 'isolation.level=read_committed'],
    ...['-X', 'check.crcs=true', '-f', `%p %o %T %K %S\\n%k%s%h${END}`],
  ]);
  const records: SeenRecord[] = [];
  for (let at = 0; at < printed.length; ) {
    const line = printed.indexOf('\n', at);
    const [partition, offset, timestamp, keyLength, valueLength] = printed
      .toString('latin1', at, line)
      .split(' ')
      .map(Number);
    const key = line + 1;
    const value = key + Math.max(0, keyLength!);
    const headers = value + Math.max(0, valueLength!);
    const end = printed.indexOf(END, headers);
    const place = { partition: partition!, offset: offset!, timestamp: timestamp! };
    const bytes = (from: number, to: number, length: number) => (length < 0 ? null : printed.subarray(from, to));
    const parts = [bytes(key, value, keyLength!), bytes(value, headers, valueLength!)] as const;
    records.push(seenRecord(place, ...parts, printed.toString('utf8', headers, end)));
    at = end + END.length;
  }
  return inOrder(records);
}
