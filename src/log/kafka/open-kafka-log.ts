import { HeadraceError } from '../../errors.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { MetaTable } from '../../storage/meta-table.ts';
import { compress, decompress } from './client/codecs.ts';
import { connectToBrokers } from './client/connection.ts';
import type { ConnectionOptions } from './client/connection-options.ts';
import type { BrokerAddress } from './cluster/broker-connection.ts';
import { KafkaLog } from './kafka-log.ts';
import type { KafkaLogOptions } from './kafka-log-options.ts';

export interface OpenKafkaLogOptions
  extends Omit<KafkaLogOptions, 'bootstrap' | 'connect' | 'compress' | 'decompress' | 'instance'> {
  /** HOST:PORT, several separated by commas: one that answers is enough. */
  readonly brokers: string;
  readonly connection: ConnectionOptions;
  /** Makes the name of a new instance; it is kept in the data directory. */
  readonly newInstance: () => string;
  /** The name, where the data directory is a part of another one that gives it; it is not kept then. */
  readonly instance?: string | undefined;
}

const INSTANCE = 'instance';

/** The log on Apache Kafka with everything that it needs. Opens no connection yet. Throws USAGE for addresses that are none. */
export function openKafkaLog(given: OpenKafkaLogOptions): KafkaLog {
  const { brokers, connection, newInstance, instance: givenInstance, ...options } = given;
  const bootstrap = parseBrokers(brokers);
  const instance = givenInstance ?? keptInstance(options.directory, newInstance);
  return new KafkaLog({ ...options, bootstrap, connect: connectToBrokers(connection), compress, decompress, instance });
}

function keptInstance({ environment }: DataDirectory, newInstance: () => string): string {
  const meta = MetaTable.of(environment)!;
  const kept = meta.get(INSTANCE);
  if (typeof kept === 'string') return kept;
  const instance = newInstance();
  environment.transaction(() => meta.put(INSTANCE, instance));
  return instance;
}

/** "HOST:PORT[,...]"; an IPv6 address stands in brackets. Throws USAGE. */
export function parseBrokers(text: string): readonly BrokerAddress[] {
  return text.split(',').map((each) => {
    const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]\s]+)):(\d+)$/.exec(each.trim()) ?? [];
    const host = bracketed ?? plain;
    const port = Number(digits);
    if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
    throw new HeadraceError(
      'USAGE',
      `Kafka's brokers are named as HOST:PORT[,HOST:PORT...], not ${JSON.stringify(text)}`,
    );
  });
}
