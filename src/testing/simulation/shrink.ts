import type { Script, SimulatedRates } from './script.ts';
import { simulateScript } from './simulate.ts';
import type { SimulationFailure, SimulationOptions } from './simulation-options.ts';

/** How far a run is made smaller. */
export interface ShrinkOptions {
  /** Runs at most (400). */
  readonly runsMax?: number;
  /** Told of each smaller run that fails as well. */
  readonly onSmaller?: (script: Script) => void;
}

/** The smallest run found that fails in the same way. */
export interface Shrunk {
  readonly script: Script;
  readonly failure: SimulationFailure;
  readonly runs: number;
}

const RUNS_MAX = 400;

/**
 * A smaller run that fails in the same way: fewer events, rates, processes, partitions and inputs, by delta debugging (Zeller and Hildebrandt,
 * "Simplifying and Isolating Failure-Inducing Input", 2002).
 */
export async function shrink(
  options: SimulationOptions,
  failing: Script,
  failure: SimulationFailure,
  { runsMax = RUNS_MAX, onSmaller = () => {} }: ShrinkOptions = {},
): Promise<Shrunk> {
  let best: { script: Script; failure: SimulationFailure } = { script: failing, failure };
  let runs = 0;
  const stillFails = async (script: Script): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs++;
    const { failure: found } = await simulateScript(options, script);
    if (found?.kind !== failure.kind) return false;
    best = { script, failure: found };
    onSmaller(script);
    return true;
  };
  await fewer(best.script.events, (events) => stillFails({ ...best.script, events }));
  await withoutRates(() => best.script, stillFails);
  for (const [name, least] of [
    ['processes', 1],
    ['partitions', 1],
  ] as const) {
    while (best.script[name] > least && (await stillFails(smaller(best.script, name))));
  }
  await fewer(best.script.inputs, (inputs) => stillFails({ ...best.script, inputs }));
  await fewer(best.script.events, (events) => stillFails({ ...best.script, events }));
  return { ...best, runs };
}

/** Takes away ever smaller parts of a list, as long as it fails without them. */
async function fewer<T>(all: readonly T[], stillFails: (items: readonly T[]) => Promise<boolean>): Promise<void> {
  let items = all;
  for (let size = Math.ceil(items.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < items.length; ) {
      const without = [...items.slice(0, start), ...items.slice(start + size)];
      if (await stillFails(without)) items = without;
      else start += size;
    }
  }
}

async function withoutRates(script: () => Script, stillFails: (script: Script) => Promise<boolean>): Promise<void> {
  for (const rate of Object.keys(script().rates) as (keyof SimulatedRates)[]) {
    if (script().rates[rate] === 0) continue;
    await stillFails({ ...script(), rates: { ...script().rates, [rate]: 0 } });
  }
}

/** Events of a process that is not there are none. */
function smaller(script: Script, name: 'processes' | 'partitions'): Script {
  const count = script[name] - 1;
  if (name === 'partitions') {
    const inputs = script.inputs.map(({ partition, ...input }) =>
      partition === undefined ? input : { ...input, partition: partition % count },
    );
    return { ...script, partitions: count, inputs };
  }
  const events = script.events.filter((event) => !('process' in event) || event.process < count);
  return { ...script, processes: count, events };
}
