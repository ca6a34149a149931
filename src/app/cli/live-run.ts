import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '../../../topologies/account-ledger/topics.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { Books } from '../console/books.ts';
import { LiveView, type ViewFrame } from '../console/live-view.ts';
import { LocalNode } from '../local-node.ts';
import { openLogger } from '../logger.ts';
import { OutcomeCounter } from '../outcomes.ts';
import { generate } from '../traffic/generate.ts';
import type { StartOptions } from './commands/start.ts';
import { type GlobalOptions, nodeOptionsOf } from './context.ts';
import { parkKeysMaxOf } from './park-keys.ts';
import { serveApiOptions } from './serve-options.ts';
import { standbysOf } from './standbys.ts';
import { tiersOf } from './tiers.ts';
import { servingTools } from './tools.ts';
import { untilEnded } from './until-ended.ts';

/** Runs until SIGINT or SIGTERM, then drains and resolves with 0; with 1 when the engine can't go on. */
export async function runLive(options: StartOptions & GlobalOptions, clock: Clock): Promise<number> {
  const standbys = standbysOf(options.standbys, options.kafka);
  const logger = openLogger(options.data);
  const answerWithinMs = options.dispenseLimit * 1_000;
  const node = await LocalNode.open({
    ...nodeOptionsOf(options),
    runsBank: true,
    tiers: tiersOf(options),
    clock,
    logger,
    threads: options.threads,
    partitions: options.partitions,
    businessZone: options.businessZone,
    parkKeysMax: parkKeysMaxOf(options.parkKeys),
    allowTopologyChange: options.allowTopologyChange,
    standbys,
    answerWithinMs,
  });
  await untilEnded(node, clock, ({ signal, fail }) =>
    servingTools(node, options, logger, async () => {
      const address = await node.serveApi(options.port, serveApiOptions(options));
      if (!process.stderr.isTTY) process.stderr.write(`serving at ${address}\n`);
      await node.start(fail);
      const counter = await OutcomeCounter.fromNow(node);
      const producing = options.traffic
        ? generate(node, { rate: options.rate, answerWithinMs, clock, signal }).catch(fail)
        : undefined;
      await show(node, counter, address, clock, signal).catch(fail);
      return async () => {
        await node.endIntake();
        await producing;
      };
    }),
  );
  process.stderr.write('Everything taken in is processed and in ClickHouse.\n');
  return 0;
}

async function show(
  node: LocalNode,
  counter: OutcomeCounter,
  address: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const view = new LiveView(process.stderr, clock);
  const books = new Books(node, clock);
  try {
    const taken = await node.watermarks(TOPICS.transactions);
    const takenBefore = taken.reduce((sum, { end }) => sum + end, 0);
    const look = async (): Promise<Figures> => {
      const outcomes = await counter.all();
      const now = (await node.watermarks(TOPICS.transactions)).reduce((sum, { end }) => sum + end, 0);
      return { taken: now - takenBefore, ...outcomes, ...(await books.look()) };
    };
    let figures = await look();
    let looking: Promise<void> | undefined;
    let failure: { readonly error: unknown } | undefined;
    const lookAgain = async () => {
      try {
        figures = await look();
      } catch (error) {
        if (!mayPass(error)) failure = { error };
      }
      looking = undefined;
    };
    while (!signal.aborted) {
      // Brokers that are away keep the figures waiting; that they are away is shown meanwhile.
      looking ??= lookAgain();
      await Promise.race([looking, sleep(view.intervalMs, undefined, { signal }).catch(() => undefined)]);
      if (failure !== undefined) throw failure.error;
      view.show({ status: await node.status(), ...figures, address });
      await sleep(view.intervalMs, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    view.close();
  }
}

type Figures = Omit<ViewFrame, 'status' | 'address'>;

/** What may pass keeps the figures of before on the view. */
function mayPass(error: unknown): boolean {
  return error instanceof HeadraceError && error.retriable;
}
