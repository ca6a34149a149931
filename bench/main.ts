import { CALLS_HELP, runCalls } from './calls/run.ts';
import { CLICKHOUSE_HELP } from './clickhouse/options.ts';
import { runClickHouse } from './clickhouse/run.ts';
import { EMBEDDED_HELP, runEmbedded } from './embedded/run.ts';
import { KAFKA_HELP } from './kafka/options.ts';
import { runKafka } from './kafka/run.ts';
import { runSizing, SIZING_HELP } from './sizing/run.ts';

const HELP = `${EMBEDDED_HELP}
${CALLS_HELP}
${KAFKA_HELP}
${CLICKHOUSE_HELP}
${SIZING_HELP}
Results with the machine they come from: bench/README.md
`;

const [what = '', ...args] = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<number> {
  const isHelp = [what, ...args].includes('--help');
  const run = {
    embedded: runEmbedded,
    calls: runCalls,
    kafka: runKafka,
    clickhouse: runClickHouse,
    sizing: runSizing,
  }[what];
  if (isHelp || run === undefined) {
    process[isHelp ? 'stdout' : 'stderr'].write(HELP);
    return isHelp ? 0 : 2;
  }
  try {
    return await run(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return error instanceof TypeError ? 2 : 1;
  }
}
