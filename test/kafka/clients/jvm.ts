import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kafkaClasspath } from '../provision.ts';
import type { SeenRecord, SentRecord } from './client-record.ts';
import { ownCommand } from './own-command.ts';

const TOOLS = {
  produce: 'org.apache.kafka.tools.ConsoleProducer',
  consume: 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  groups: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
  deleteRecords: 'org.apache.kafka.tools.DeleteRecordsCommand',
} as const;

const BYTES = 'org.apache.kafka.common.serialization.BytesDeserializer';

/** What one of Kafka's own tools prints. */
export async function jvmTool(tool: keyof typeof TOOLS, args: readonly string[], input = ''): Promise<string> {
  const java = ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', await kafkaClasspath('4.1'), TOOLS[tool]];
  return (await ownCommand('java', [...java, ...args], input)).toString();
}

/** Sends records by the console producer, which is idempotent and waits for all replicas. */
export async function sendByTheJvm(
  bootstrap: string,
  topic: string,
  records: readonly SentRecord[],
  codec: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd',
): Promise<void> {
  const properties = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL'];
  await jvmTool(
    'produce',
    [
      ...['--bootstrap-server', bootstrap, '--topic', topic, '--compression-codec', codec],
      ...['enable.idempotence=true', 'acks=all'].flatMap((each) => ['--producer-property', each]),
      ...properties.flatMap((each) => ['--property', each]),
    ],
    records.map(({ client, key, value }) => `client:${client}\t${key ?? 'NULL'}\t${value}\n`).join(''),
  );
}

/** Reads a topic by the console consumer: so many records, as {@link asPrinted} writes them, in the order of the log. */
export async function printedByTheJvm(bootstrap: string, topic: string, count: number): Promise<readonly string[]> {
  const shown = ['timestamp', 'partition', 'offset', 'headers', 'key'].map((each) => `print.${each}=true`);
  const printed = await jvmTool('consume', [
    ...['--bootstrap-server', bootstrap, '--topic', topic, '--from-beginning', '--max-messages', `${count}`],
    ...['--isolation-level', 'read_committed', '--key-deserializer', BYTES, '--value-deserializer', BYTES],
    ...shown.flatMap((each) => ['--property', each]),
  ]);
  return printed.trimEnd().split('\n').sort();
}

/** A record as the console consumer prints it with a BytesDeserializer: what is no plain character in hexadecimal; no header may hold "=". */
export function asPrinted({ partition, offset, timestamp, key, value, headers }: SeenRecord): string {
  const place = `CreateTime:${timestamp}\tPartition:${partition}\tOffset:${offset}`;
  const said = headers === '' ? 'NO_HEADERS' : headers.replaceAll('=', ':');
  return [place, said, printable(key), printable(value)].join('\t');
}

function printable(hex: string | null): string {
  if (hex === null) return 'null';
  return [...Buffer.from(hex, 'hex')]
    .map((byte) => {
      const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x5c;
      return isPlain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** Each line of its input is a producer's id and what it does: begin, send KEY VALUE, commit, abort. */
const PROGRAM = `
import java.io.*;
import java.util.*;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.StringSerializer;
public class Transactions {
  public static void main(String[] arguments) throws Exception {
    Map<String, Producer<String, String>> producers = new HashMap<>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split("\\t", -1);
      Producer<String, String> producer = producers.computeIfAbsent(parts[0], id -> {
        Map<String, Object> config = new HashMap<>();
        config.put("bootstrap.servers", arguments[0]);
        config.put("transactional.id", id);
        Producer<String, String> made = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
        made.initTransactions();
        return made;
      });
      switch (parts[1]) {
        case "begin" -> producer.beginTransaction();
        case "commit" -> producer.commitTransaction();
        case "abort" -> { producer.flush(); producer.abortTransaction(); }
        default -> {
          ProducerRecord<String, String> record = new ProducerRecord<>(arguments[1], parts[2], parts[3]);
          record.headers().add("client", parts[0].getBytes(StandardCharsets.UTF_8));
          producer.send(record).get();
        }
      }
    }
    for (Producer<String, String> producer : producers.values()) producer.close();
  }
}
`;

export type TransactionStep = readonly [producer: string, what: 'begin' | 'commit' | 'abort' | SentRecord];

/** Takes steps of transactional producers of the JVM, whose transactions may be open side by side. */
export async function transactByTheJvm(
  bootstrap: string,
  topic: string,
  steps: readonly TransactionStep[],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-transactions-'));
  try {
    const file = join(folder, 'Transactions.java');
    writeFileSync(file, PROGRAM);
    const lines = steps.map(([producer, what]) =>
      typeof what === 'string' ? `${producer}\t${what}\n` : `${producer}\tsend\t${what.key}\t${what.value}\n`,
    );
    await ownCommand('java', ['-cp', await kafkaClasspath('4.1'), file, bootstrap, topic], lines.join(''));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
