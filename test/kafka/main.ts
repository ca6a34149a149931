// npm run kafka -- up|down|status: Apache Kafka without containers, for tests and for trying things out.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { Brokers, startBrokers } from './brokers.ts';
import { type KafkaRelease, kafkaReleases } from './provision.ts';

interface Where {
  readonly directory: string;
  readonly json?: true;
}

interface UpOptions extends Where {
  readonly brokers: string;
  readonly release: KafkaRelease;
  readonly port: string;
  readonly property: readonly string[];
}

const directory = () =>
  new Option('--directory <directory>', 'where the brokers keep what they have').default(
    join(tmpdir(), 'headrace-kafka'),
  );
const json = () => new Option('--json', 'print JSON');

const program = new Command('kafka').description(
  'Apache Kafka on this machine without containers: Maven brings it, a JDK 17 or later runs it. It listens on loopback only.',
);
program
  .command('up')
  .description('start brokers and wait until they are there; what they had is kept from the last time')
  .addOption(new Option('--brokers <count>', 'how many').choices(['1', '3']).default('1'))
  .addOption(new Option('--release <release>', 'which release').choices(Object.keys(kafkaReleases)).default('4.1'))
  .addOption(new Option('--port <port>', 'of the first broker; the others follow').default('9092'))
  .addOption(
    new Option('--property <key=value>', 'one of server.properties; may be given again')
      .argParser((value: string, before: readonly string[]) => [...before, value])
      .default([] as readonly string[]),
  )
  .addOption(directory())
  .addOption(json())
  .action(async (options: UpOptions) => {
    const running = Brokers.in(options.directory);
    const progress = (text: string) => process.stderr.write(`${text}\n`);
    if (running !== undefined) await running.start();
    const brokers = running ?? (await startBrokers({ ...parsed(options), onProgress: progress }));
    tell(brokers, options);
  });
program
  .command('down')
  .description('end the brokers')
  .addOption(directory())
  .addOption(new Option('--remove', 'remove what they kept as well'))
  .action(async (options: Where & { readonly remove?: true }) => {
    const brokers = Brokers.in(options.directory);
    if (brokers === undefined) return void process.stdout.write(`No brokers were started in ${options.directory}.\n`);
    if (options.remove) await brokers.close();
    else await Promise.all(brokers.processes.map((each) => each.end()));
    process.stdout.write(`The brokers of ${options.directory} are down.\n`);
  });
program
  .command('status')
  .description('say which brokers run')
  .addOption(directory())
  .addOption(json())
  .action((options: Where) => {
    const brokers = Brokers.in(options.directory);
    if (brokers !== undefined) return tell(brokers, options);
    process.stdout.write(options.json ? '{"brokers":[]}\n' : `No brokers were started in ${options.directory}.\n`);
    process.exitCode = 1;
  });

function parsed({ brokers, release, port, property, directory }: UpOptions) {
  const pairs = property.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new Error(`--property wants KEY=VALUE, not ${JSON.stringify(text)}`);
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return { count: Number(brokers), release, port: Number(port), properties: Object.fromEntries(pairs), directory };
}

function tell(brokers: Brokers, { json }: Where): void {
  const rows = brokers.processes.map(({ plan, address, pid }) => ({
    id: plan.nodeId,
    address,
    release: plan.release,
    pid: pid ?? null,
  }));
  if (json) process.stdout.write(`${JSON.stringify({ bootstrap: brokers.bootstrap, brokers: rows })}\n`);
  else {
    for (const { id, address, release, pid } of rows) {
      process.stdout.write(`broker ${id}  ${address}  Kafka ${release}  ${pid === null ? 'down' : `process ${pid}`}\n`);
    }
    process.stdout.write(`--kafka ${brokers.bootstrap}\n`);
  }
  if (rows.some(({ pid }) => pid === null)) process.exitCode = 1;
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`kafka: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
