import { TOPICS as LEDGER_TOPICS, ledgerTopics } from '../../topologies/account-ledger/topics.ts';
import { type AccountLedgerOptions, accountLedger } from '../../topologies/account-ledger/topology.ts';
import { ATM_TOPICS, atmTopics } from '../../topologies/atm-dispense/topics.ts';
import { atmDispense } from '../../topologies/atm-dispense/topology.ts';
import { RECONCILIATION_TOPICS, reconciliationTopics } from '../../topologies/reconciliation/topics.ts';
import { reconciliation } from '../../topologies/reconciliation/topology.ts';
import type { TopicConfig } from '../log/log.ts';
import { deadLetterTopic } from '../runtime/dead-letter.ts';
import type { WorkerOptions } from '../runtime/worker-options.ts';
import type { Topology } from '../streams/topology/topology.ts';

/** A system of the bank: a topology with a worker and a group of its own. */
export interface System {
  /** Names the group; part of the state on disk. */
  readonly application: string;
  readonly topology: Topology;
  /** Goes before the names of its worker's commit steps. */
  readonly steps: string;
  /** The topic on which the node tells it the time, where it keeps deadlines. */
  readonly timers?: string;
  /** What its own file says of how it runs. */
  readonly policy?: Partial<Pick<WorkerOptions, 'errorHandlers' | 'onSkipped' | 'parkKeys'>> & {
    readonly idleAfterMs?: number | undefined;
    readonly commitIntervalMs?: number | undefined;
  };
}

export const LEDGER = 'account-ledger';
export const ATM_DISPENSE = 'atm-dispense';
export const RECONCILIATION = 'reconciliation';

export interface SystemsOptions {
  /** IANA name; UTC without it. */
  readonly businessZone?: string | undefined;
  /** How long a terminal may take to say how a dispense went, milliseconds; the topology's own limit without it. */
  readonly answerWithinMs?: number | undefined;
  /** How the values of a topic are read and written; JSON without it. */
  readonly valueSerde?: AccountLedgerOptions['valueSerde'] | undefined;
}

/** The systems that run in one process, in the way of a withdrawal. */
export function systemsOf({ businessZone, answerWithinMs, valueSerde }: SystemsOptions): readonly System[] {
  const serdes = valueSerde === undefined ? {} : { valueSerde };
  return [
    {
      application: LEDGER,
      topology: accountLedger({ ...serdes, ...(businessZone === undefined ? {} : { businessZone }) }),
      steps: 'commit',
    },
    {
      application: ATM_DISPENSE,
      topology: atmDispense({ ...serdes, ...(answerWithinMs === undefined ? {} : { answerWithinMs }) }),
      steps: 'atm-commit',
      timers: ATM_TOPICS.timers,
    },
    {
      application: RECONCILIATION,
      topology: reconciliation(serdes),
      steps: 'reconciliation-commit',
      timers: RECONCILIATION_TOPICS.timers,
    },
  ];
}

/** Everything that a system reads: what can't be decoded or processed there has a topic of dead letters. */
const INPUTS = [
  LEDGER_TOPICS.transactions,
  LEDGER_TOPICS.accounts,
  LEDGER_TOPICS.commands,
  LEDGER_TOPICS.outcomes,
  ATM_TOPICS.withdrawals,
  ATM_TOPICS.results,
  ATM_TOPICS.timers,
  ATM_TOPICS.failed,
  ATM_TOPICS.settlements,
  RECONCILIATION_TOPICS.commands,
  RECONCILIATION_TOPICS.timers,
] as const;

export const DEAD_LETTER_TOPICS: readonly string[] = INPUTS.map(deadLetterTopic);

/** All topics of a data directory with so many partitions. */
export function topicsOf(partitions: number | undefined): readonly TopicConfig[] {
  const own = ledgerTopics(partitions);
  const count = own[0]!.partitions;
  const letters = DEAD_LETTER_TOPICS.map(
    (name): TopicConfig => ({ name, partitions: count, cleanup: 'delete', retentionMs: -1, retentionBytes: -1 }),
  );
  return [...own, ...atmTopics(count), ...reconciliationTopics(count), ...letters];
}

/** The topics by which the systems speak with each other: written by one and read by one. */
export function topicsBetween(systems: readonly System[]): readonly string[] {
  const nodes = systems.flatMap(({ topology }) => topology.plan.subTopologies.flatMap((each) => each.nodes));
  const written = nodes.flatMap((node) => (node.kind === 'sink' && !node.topic.isInternal ? [node.topic.name] : []));
  const read = new Set(
    systems
      .flatMap(({ topology }) => topology.plan.subTopologies.flatMap(({ sources }) => sources))
      .map(({ topic }) => topic.name),
  );
  return [...new Set(written)].filter((name) => read.has(name)).sort();
}
