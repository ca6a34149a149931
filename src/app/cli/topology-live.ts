import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../clock.ts';
import type { LocalNode } from '../local-node.ts';
import { openLogger } from '../logger.ts';
import type { LoadedTopology } from '../user-topology/loaded-topology.ts';
import type { StartOptions } from './commands/start.ts';
import type { GlobalOptions } from './context.ts';
import { grouped } from './output.ts';
import { servingTools } from './tools.ts';
import { openTopologyNode } from './topology-once.ts';
import { untilEnded } from './until-ended.ts';

/** Between two lines of progress; on a terminal the line is redrawn. */
const LINE_MS = 5_000;
const REDRAW_MS = 500;
const CLEAR_LINE = '\r\u001b[K';

/** `start --topology FILE`: runs until SIGINT or SIGTERM, then drains and resolves with 0; rejects when the engine can't go on. */
export async function runTopologyLive(
  loaded: LoadedTopology,
  options: StartOptions & GlobalOptions,
  clock: Clock,
): Promise<number> {
  const node = await openTopologyNode(loaded, options, clock);
  await untilEnded(node, clock, ({ signal, fail }) =>
    servingTools(node, options, openLogger(options.data), async () => {
      const address = await node.serve(options.port, 0, true);
      process.stderr.write(
        `${loaded.application} runs, serving at ${address} (commands with --data ${options.data})\n`,
      );
      await node.start(fail);
      await show(node, signal).catch(fail);
    }),
  );
  process.stderr.write('Everything taken in is processed.\n');
  return 0;
}

async function show(node: LocalNode, signal: AbortSignal): Promise<void> {
  const isTerminal = process.stderr.isTTY === true;
  let last = '';
  while (!signal.aborted) {
    const { processed, deadLetters, lag, commits, sinkRows, fault } = await node.status();
    const figures = [
      `${grouped(processed)} processed`,
      `lag ${grouped(lag)}`,
      `${grouped(deadLetters)} dead letters`,
      ...(sinkRows > 0 ? [`${grouped(sinkRows)} rows in ClickHouse`] : []),
      `${grouped(commits)} commits`,
      ...(fault === undefined ? [] : [`last fault: ${fault.message}`]),
    ];
    const line = figures.join(', ');
    if (isTerminal) process.stderr.write(`${CLEAR_LINE}${line}`);
    else if (line !== last) process.stderr.write(`${line}\n`);
    last = line;
    await sleep(isTerminal ? REDRAW_MS : LINE_MS, undefined, { signal }).catch(() => undefined);
  }
}
