import type { TopicConfig } from '../../log/log.ts';
import type { ErrorPolicy } from '../../runtime/error-handlers.ts';
import type { Topology } from '../../streams/topology/topology.ts';
import type { FinalLog } from './final-log.ts';

/** One application of a simulation: each process of it runs a worker of each application. */
export interface SimulatedApplication extends ErrorPolicy {
  /** Names the group, the state and the internal topics. */
  readonly application: string;
  readonly topology: Pick<Topology, 'plan'>;
  /** As a worker's: after so much silence the time of its tasks goes on with the clock. */
  readonly idleAfterMs?: number;
}

/** Draws from the seed of a run: the same seed draws the same. */
export interface Draw {
  /** In [0, 1). */
  next(): number;
  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number;
  /** One of the items. */
  pick<T>(items: readonly T[]): T;
}

/** A record that a producer sends in the course of a run. */
export interface SimulatedInput {
  readonly topic: string;
  /** As the topology's source of that topic takes it; bytes (a Uint8Array) go in as they are. */
  readonly key: unknown;
  readonly value: unknown;
  /** Milliseconds since 1970; the time of sending without it. */
  readonly timestamp?: number;
  /** Where the key belongs without it. */
  readonly partition?: number;
  /** When it is sent, milliseconds from the beginning of the run; spread over the run without it. */
  readonly atMs?: number;
}

/** What is simulated, and with what. */
export interface SimulationOptions {
  readonly applications: readonly SimulatedApplication[];
  /** What producers send. Drawn once for each seed; some of it is sent twice, as producers do that try again. */
  readonly input: (draw: Draw, run: { readonly partitions: number }) => readonly SimulatedInput[];
  /** Of each topic at most; each run draws its own number (4). */
  readonly partitionsMax?: number;
  /** Topics in place of those that the topologies name: for cleanup policies, or partitions of their own. */
  readonly topics?: (partitions: number) => readonly TopicConfig[];
  /** Topics that a sink brings into a table; it is killed and the table goes away as everything else does. */
  readonly sinkTopics?: readonly string[];
  /** Milliseconds of virtual time in which faults come, before the calm (5,000). */
  readonly stormMs?: number;
  /** Milliseconds of virtual time after which everything must have come to its end in the calm (600,000). */
  readonly calmMs?: number;
  /** Told of all that happens, in its order, with the virtual time since the beginning: a run step by step. */
  readonly onTrace?: (atMs: number, what: string) => void;
  /** Looks at what stands in the topics at the end; what it returns is what is wrong. */
  readonly check?: (log: FinalLog) => string | undefined;
}

/** What a file for `headrace simulate --topology FILE` exports as `simulation` beside its topology. */
export type Simulation = Omit<SimulationOptions, 'applications' | 'onTrace'>;

/** What a simulation found to be wrong. */
export interface SimulationFailure {
  readonly kind:
    | 'worker ended'
    | 'did not come to an end'
    | 'record not processed once'
    | 'output differs'
    | 'state differs'
    | 'table differs'
    | 'invariant breached'
    | 'check failed';
  readonly message: string;
}

/** What came of one run. */
export interface SimulationResult {
  readonly seed: number;
  readonly failure: SimulationFailure | undefined;
  /** How much happened: an attack that nothing came of attacked nothing. */
  readonly figures: SimulationFigures;
}

/** Counts of a run. */
export interface SimulationFigures {
  readonly records: number;
  readonly commits: number;
  readonly kills: number;
  readonly stalls: number;
  readonly failedRecords: number;
  readonly virtualMs: number;
}
