import { type SeededRandom, seededRandom } from '../../random.ts';
import type { CommitStep } from '../../runtime/commit.ts';
import type { SinkStep } from '../../runtime/sink/sink-options.ts';
import type { SimulatedInput, SimulationOptions } from './simulation-options.ts';

/** Something that is done to a run. Times are milliseconds of virtual time from its beginning. */
export type SimulatedEvent =
  /** The process is gone without a word; another one under its name comes after a while. */
  | { readonly kind: 'kill'; readonly process: number; readonly atMs: number; readonly backAfterMs: number }
  /** The same inside the n-th time that a worker of the process passes a step. */
  | {
      readonly kind: 'killAtStep';
      readonly process: number;
      readonly step: SimulatedStep;
      readonly nth: number;
      readonly backAfterMs: number;
    }
  /** The process hears and says nothing for a while, as under SIGSTOP; longer than its session it comes back as a zombie. */
  | { readonly kind: 'stall'; readonly process: number; readonly atMs: number; readonly forMs: number }
  | {
      readonly kind: 'stallAtStep';
      readonly process: number;
      readonly step: SimulatedStep;
      readonly nth: number;
      readonly forMs: number;
    }
  /** It leaves in good order and comes back. */
  | { readonly kind: 'stop'; readonly process: number; readonly atMs: number; readonly backAfterMs: number }
  /** The log dies with everybody: of what waits to be written a part is. */
  | { readonly kind: 'crashLog'; readonly atMs: number; readonly backAfterMs: number }
  /** The clock of a process is set. */
  | { readonly kind: 'clock'; readonly process: number; readonly atMs: number; readonly byMs: number }
  /** The table behind the sink can not be reached. */
  | { readonly kind: 'tableAway'; readonly atMs: number; readonly forMs: number };

/** Steps of a worker and of the sink, and the first poll after an assignment. */
export type SimulatedStep = CommitStep | SinkStep | 'assigned';

/** How often each of these happens, 0 to 1. */
export interface SimulatedRates {
  readonly refuseCommit: number;
  readonly unknownCommit: number;
  readonly fenceMember: number;
  readonly delayCommit: number;
  /** A record fails after its operators have run. */
  readonly failRecord: number;
  /** A write into the table behind the sink fails, before or after it was done. */
  readonly failWrite: number;
}

export interface TimedInput extends SimulatedInput {
  readonly atMs: number;
}

/** All that a run is made of: the same script gives the same run, and one with less in it is a smaller run. */
export interface Script {
  readonly seed: number;
  readonly partitions: number;
  readonly processes: number;
  readonly commitIntervalMs: number;
  /** Records that a poll hands out at most. */
  readonly pollRecordsMax: number;
  readonly sessionTimeoutMs: number;
  readonly rates: SimulatedRates;
  readonly inputs: readonly TimedInput[];
  readonly events: readonly SimulatedEvent[];
}

export const STORM_MS = 5_000;
const PARTITIONS_MAX = 4;
const PROCESSES_MAX = 3;
const EVENTS_MAX = 8;
const COMMIT_INTERVALS_MS = [1, 20, 100, 400];
const POLL_RECORDS = [1, 3, 10, 10_000];
const DUPLICATE_RATE = 0.05;
const COMMIT_STEPS: readonly SimulatedStep[] = ['seal', 'submit', 'durable', 'apply', 'assigned'];
const SINK_STEPS: readonly SimulatedStep[] = ['cut', 'intent', 'settle', 'insert', 'offsets'];

/** Draws a run from its seed. */
export function drawScript(seed: number, options: SimulationOptions): Script {
  const random = seededRandom(seed);
  const { stormMs = STORM_MS, partitionsMax = PARTITIONS_MAX } = options;
  const partitions = 1 + random.below(partitionsMax);
  const processes = 1 + random.below(PROCESSES_MAX);
  const rate = (max: number) => (random.next() < 0.5 ? 0 : random.next() * max);
  const rates = {
    refuseCommit: rate(0.2),
    unknownCommit: rate(0.1),
    fenceMember: rate(0.05),
    delayCommit: rate(0.5),
    failRecord: rate(0.05),
    failWrite: rate(0.3),
  };
  const place = { random, processes, stormMs, hasSink: (options.sinkTopics ?? []).length > 0 };
  const events = Array.from({ length: random.below(EVENTS_MAX + 1) }, () => drawEvent(place));
  return {
    seed,
    partitions,
    processes,
    commitIntervalMs: random.pick(COMMIT_INTERVALS_MS),
    pollRecordsMax: random.pick(POLL_RECORDS),
    sessionTimeoutMs: 200 + random.below(800),
    rates,
    events,
    inputs: drawInputs(options, random, { stormMs, partitions }),
  };
}

interface Place {
  readonly random: SeededRandom;
  readonly processes: number;
  readonly stormMs: number;
  readonly hasSink: boolean;
}

function drawEvent({ random, processes, stormMs, hasSink }: Place): SimulatedEvent {
  const process = random.below(processes);
  const atMs = random.below(stormMs);
  const backAfterMs = random.below(2_000);
  const step = random.pick(hasSink && process === 0 ? [...COMMIT_STEPS, ...SINK_STEPS] : COMMIT_STEPS);
  const nth = 1 + random.below(12);
  switch (random.below(hasSink ? 9 : 8)) {
    case 0:
      return { kind: 'kill', process, atMs, backAfterMs };
    case 1:
    case 2:
      return { kind: 'killAtStep', process, step, nth, backAfterMs };
    case 3:
      return { kind: 'stall', process, atMs, forMs: 50 + random.below(2_000) };
    case 4:
      return { kind: 'stallAtStep', process, step, nth, forMs: 50 + random.below(2_000) };
    case 5:
      return { kind: 'stop', process, atMs, backAfterMs };
    case 6:
      return { kind: 'crashLog', atMs, backAfterMs };
    case 7:
      return { kind: 'clock', process, atMs, byMs: random.below(120_000) - 60_000 };
    default:
      return { kind: 'tableAway', atMs, forMs: 50 + random.below(2_000) };
  }
}

/** In the order of their times, which keeps that in which they were given. */
function drawInputs(
  options: SimulationOptions,
  random: SeededRandom,
  { stormMs, partitions }: { readonly stormMs: number; readonly partitions: number },
): readonly TimedInput[] {
  const given = options.input(seededRandom(random.below(2 ** 32)), { partitions });
  const times = given.map(() => random.below(stormMs)).sort((left, right) => left - right);
  const timed = given.map((input, i): TimedInput => ({ ...input, atMs: input.atMs ?? times[i]! }));
  const again = timed.filter(() => random.next() < DUPLICATE_RATE);
  const late = again.map((input): TimedInput => ({ ...input, atMs: input.atMs + random.below(1_000) }));
  return [...timed, ...late].sort((left, right) => left.atMs - right.atMs);
}
