import { type Command, InvalidArgumentError } from 'commander';
import { HeadraceError } from '../../errors.ts';
import { ReadingRunner } from '../http/clickhouse/reading-runner.ts';
import { type ClickHouseServer, serveClickHouse } from '../http/clickhouse/serve-clickhouse.ts';
import type { LocalNode } from '../local-node.ts';
import type { AppLogger } from '../logger.ts';
import type { GlobalOptions } from './context.ts';
import { PORT_MAX } from './limits.ts';
import { wholeNumber } from './numbers.ts';

/** ClickHouse's own port for HTTP. */
const CLICKHOUSE_PORT = 8123;
/** In place of a port: the interface is not served. */
export const CLICKHOUSE_OFF = 'off';

export interface ToolsOptionValues {
  /** undefined: ClickHouse's own, if it is free. */
  readonly clickhousePort?: number | typeof CLICKHOUSE_OFF;
}

export function withToolsOption(command: Command): Command {
  return command.option(
    '--clickhouse-port <n>',
    `serve ClickHouse's HTTP interface to tools at this port of loopback, for reading; 0 takes a free one, "off" serves none (${CLICKHOUSE_PORT} if it is free, or $HEADRACE_CLICKHOUSE_PORT)`,
    portOrOff,
  );
}

function portOrOff(text: string): number | typeof CLICKHOUSE_OFF {
  return text === CLICKHOUSE_OFF ? CLICKHOUSE_OFF : wholeNumber(0, PORT_MAX)(text);
}

/**
 * Serves the embedded ClickHouse to curl, drivers and notebooks while `work` works; with a server of ClickHouse's they ask that. The
 * usual port may be taken by another instance: that is said, and the work goes on. Throws USAGE where a port that was asked for is taken.
 */
export async function servingTools<T>(
  node: Pick<LocalNode, 'store'>,
  options: ToolsOptionValues & Pick<GlobalOptions, 'clickhouse'>,
  logger: AppLogger,
  work: () => Promise<T>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<T> {
  const server = options.clickhouse === undefined ? await serve(node, portOf(options, environment), logger) : undefined;
  if (server !== undefined) process.stderr.write(`ClickHouse's HTTP interface at ${server.address}, for reading\n`);
  try {
    return await work();
  } finally {
    await server?.close();
  }
}

function portOf(
  { clickhousePort }: ToolsOptionValues,
  environment: NodeJS.ProcessEnv,
): ToolsOptionValues['clickhousePort'] {
  const said = environment.HEADRACE_CLICKHOUSE_PORT ?? '';
  if (clickhousePort !== undefined || said === '') return clickhousePort;
  try {
    return portOrOff(said);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new HeadraceError('USAGE', `HEADRACE_CLICKHOUSE_PORT is ${said}. ${error.message}`);
  }
}

async function serve(
  node: Pick<LocalNode, 'store'>,
  port: ToolsOptionValues['clickhousePort'],
  logger: AppLogger,
): Promise<ClickHouseServer | undefined> {
  if (port === CLICKHOUSE_OFF) return undefined;
  try {
    return await serveClickHouse(new ReadingRunner(() => node.store()), port ?? CLICKHOUSE_PORT);
  } catch (error) {
    if (port !== undefined || !(error instanceof HeadraceError)) throw error;
    logger.warn({ port: CLICKHOUSE_PORT }, error.message);
    process.stderr.write(`${error.message} with --clickhouse-port; going on without\n`);
    return undefined;
  }
}
