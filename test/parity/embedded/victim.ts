import { readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringSerde } from 'headrace';
import { EmbeddedApplication } from 'headrace/embedded';
import { seededRandom } from '../../../src/random.ts';
import { topologyOf } from '../interpreter.ts';
import type { Scenario } from '../scenario.ts';

/** What a process is to do, as JSON in a file. */
export interface VictimOrders {
  readonly work: readonly VictimWork[];
}

export interface VictimWork {
  /** A file with the scenario. */
  readonly scenario: string;
  readonly directory: string;
  readonly partitions: number;
  readonly seed: number;
  readonly kill?: KillPlan | undefined;
}

/** Dies at the given step of a commit, the first or a later one after so many steps of the input were fed. */
export interface KillPlan {
  readonly afterFed: number;
  readonly step: 'seal' | 'submit' | 'durable' | 'apply';
  readonly occurrence: number;
}

/** One record in it for each step of the input that was fed, appended together with it. */
const FED = 'parity.fed';
const strings = { key: stringSerde, value: stringSerde };
/** Appended at once where there is one partition of one topic, so that nothing but its order matters. */
const TOGETHER_MAX = 5;
/** A worker that has looked at its clock so often has gone round at least once. */
const LOOKS = 20;
const LOOK_PAUSE_MS = 2;

/** Runs one scenario after another, each where an earlier process left it, until the one in which it dies. */
export async function runVictim(orders: VictimOrders): Promise<void> {
  for (const work of orders.work) {
    await runWork(work, JSON.parse(readFileSync(work.scenario, 'utf8')) as Scenario);
    writeSync(1, 'done\n');
  }
}

async function runWork({ directory, partitions, seed, kill }: VictimWork, { topology, ...rest }: Scenario) {
  const { input } = rest;
  let [fed, occurrences, looks, now] = [0, 0, 0, 0];
  const onStep = (step: string) => {
    if (kill === undefined || fed < kill.afterFed || step !== kill.step || ++occurrences < kill.occurrence) return;
    writeSync(1, `hit ${step}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  const built = topologyOf({ topology, ...rest }).topology;
  const application = await EmbeddedApplication.open({
    directory,
    application: 'parity',
    topology: built,
    topics: [{ name: FED, partitions: 1 }],
    partitions,
    appendLingerMs: 0,
    commitIntervalMs: 1,
    clock: () => {
      looks++;
      return now;
    },
    onStep,
  });
  // What was fed before the kill is worked off before anything else.
  await application.idle();
  const fedTopic = application.topic(FED, strings);
  const begin = (await fedTopic.read()).length;
  for (const step of input.slice(0, begin)) if ('advanceWallClockMs' in step) now += step.advanceWallClockMs;

  const random = seededRandom(seed + begin);
  const isOneByOne =
    partitions > 1 || built.plan.subTopologies.some(({ sources }) => sources.length > 1) || hasSeveralTopics(input);
  for (let at = begin; at < input.length; ) {
    const steps = input.slice(at, at + (isOneByOne ? 1 : 1 + random.below(TOGETHER_MAX)));
    at += steps.length;
    fed = at;
    await application.append(
      steps.flatMap((step) => {
        const mark = fedTopic.encode({ key: null, value: '' });
        if ('advanceWallClockMs' in step) return [mark];
        const { topic, key = null, value = null, ts: timestamp } = step;
        return [application.topic(topic, strings).encode({ key, value, timestamp }), mark];
      }),
    );
    for (const step of steps) {
      if (!('advanceWallClockMs' in step)) continue;
      now += step.advanceWallClockMs;
      const enough = looks + LOOKS;
      while (looks < enough) await sleep(LOOK_PAUSE_MS);
    }
    await application.idle();
  }
  await application.close();
}

/** Also where the wall clock is one of the things whose order matters. */
function hasSeveralTopics(input: Scenario['input']): boolean {
  return new Set(input.map((step) => ('topic' in step ? step.topic : ''))).size > 1;
}
