import type { Clock } from '../../clock.ts';
import { LocalNode } from '../local-node.ts';
import { openLogger } from '../logger.ts';
import type { HeadraceNode } from '../node.ts';
import { StallWatch } from '../stall-watch.ts';
import type { LoadedTopology } from '../user-topology/loaded-topology.ts';
import { Results } from '../user-topology/results.ts';
import { takeInRecords } from '../user-topology/take-in.ts';
import { knownTopicsOf } from '../user-topology/topic-serdes.ts';
import type { StartOptions } from './commands/start.ts';
import type { GlobalOptions } from './context.ts';
import { stallLimitMs } from './once.ts';
import { write } from './output.ts';
import { parkKeysMaxOf } from './park-keys.ts';
import { tiersOf } from './tiers.ts';
import { type TopologySummary, topologySummaryText } from './topology-summary.ts';

/** Records of each output topic that are printed where nothing else is said. */
export const PRINTED_RECORDS = 10;

type OnceOptions = StartOptions & GlobalOptions & { readonly input: string };

/** `start --topology FILE --once`: one file from intake to results. Resolves with the exit code: 0 only where everything was processed. */
export async function runTopologyOnce(loaded: LoadedTopology, options: OnceOptions, clock: Clock): Promise<number> {
  const node = await openTopologyNode(loaded, options, clock);
  try {
    await node.serve(0);
    let onFailure: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_resolve, reject) => {
      onFailure = reject;
    });
    // Whoever loses the race below must not become an unhandled rejection.
    failed.catch(() => undefined);
    await node.start(onFailure);
    const summary = await Promise.race([failed, takeInAndPrint(node, loaded, options, clock)]);
    await write(process.stdout, options.json ? `${JSON.stringify(summary)}\n` : topologySummaryText(summary));
    return exitCodeOf(summary, options.input);
  } finally {
    await node.close();
  }
}

export function openTopologyNode(
  loaded: LoadedTopology,
  options: StartOptions & GlobalOptions,
  clock: Clock,
): Promise<LocalNode> {
  return LocalNode.open({
    dataDirectory: options.data,
    kafka: options.kafka,
    schemaRegistry: options.schemaRegistry,
    sinks: options.sinks,
    clickhouse: options.clickhouse,
    tiers: tiersOf(options),
    loaded,
    clock,
    logger: openLogger(options.data),
    partitions: options.partitions,
    standbys: options.standbys,
    parkKeysMax: parkKeysMaxOf(options.parkKeys),
    allowTopologyChange: options.allowTopologyChange,
  });
}

/** Takes a file in and waits until all that came of it is there. Rejects when there is something to do and nothing moves. */
export async function takeInAndPrint(
  node: HeadraceNode,
  loaded: LoadedTopology,
  options: GlobalOptions & Pick<StartOptions, 'print'> & { readonly input: string },
  clock: Clock,
): Promise<TopologySummary> {
  const watch = new StallWatch(node, clock, stallLimitMs());
  return watch.guard(takeInWatched(node, loaded, options, clock, watch));
}

async function takeInWatched(
  node: HeadraceNode,
  loaded: LoadedTopology,
  { input, data, sinks = [], print = PRINTED_RECORDS }: Parameters<typeof takeInAndPrint>[2],
  clock: Clock,
  watch: StallWatch,
): Promise<TopologySummary> {
  const startedAt = clock();
  const known = knownTopicsOf(loaded);
  // What an earlier run left behind is finished first, so that it is not counted as coming from this file.
  await node.drain();
  const results = await Results.fromNow(node, known);
  const { sinkRows } = await node.status();
  let problem: unknown;
  const takenIn = await takeInRecords(node, { input, data, known, clock, watch }).catch((error: unknown) => {
    problem = error;
  });
  // Lines before a broken end are taken in: they are processed like all others before the error is told.
  await node.drain();
  if (takenIn === undefined) throw problem;
  const rows = (await node.status()).sinkRows - sinkRows;
  return {
    application: loaded.application,
    takenIn,
    outputs: await results.outputs(print),
    deadLetters: await results.deadLetters(),
    ...((loaded.tables ?? []).length + sinks.length === 0 ? {} : { rowsInClickHouse: rows }),
    seconds: (clock() - startedAt) / 1_000,
  };
}

export function exitCodeOf({ takenIn, deadLetters }: TopologySummary, input: string): number {
  if (takenIn.refused === takenIn.read) process.stderr.write(`headrace: no line of ${input} was usable\n`);
  return takenIn.refused > 0 || deadLetters.length > 0 ? 1 : 0;
}
