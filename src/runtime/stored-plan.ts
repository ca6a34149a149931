import { createHash } from 'node:crypto';
import { HeadraceError } from '../errors.ts';
import type { GroupOffset, Log, StateChanges } from '../log/log.ts';
import { planDifferences } from '../streams/topology/diff/plan-diff.ts';
import { movesState, type PlanDifference } from '../streams/topology/diff/plan-difference.ts';
import type { Plan } from '../streams/topology/plan.ts';
import { type PlanJson, parsePlanJson, planJsonOf } from '../streams/topology/plan-json.ts';
import { topicNamer } from './partitions.ts';

/** The store of an application's plan; names that begin with "__" belong to the engine. */
export const PLAN_STORE = '__plan';
const PARTITION = 0;
const KEY = 'plan';
const ID_LENGTH = 12;

export interface StoredPlanOptions {
  readonly log: Log;
  readonly plan: Plan;
  readonly application: string;
  /** The name of the worker that is going to work under the plan. */
  readonly member: string;
  /** Whether a plan is taken that loses state. */
  readonly allowTopologyChange?: boolean;
}

/**
 * The plan under which an application's state was written, kept beside that state: written in the commit of the first records
 * that a plan has processed, and compared at each start.
 */
export class StoredPlan {
  readonly #text: string;
  #isWritten: boolean;

  private constructor(text: string, isWritten: boolean) {
    this.#text = text;
    this.#isWritten = isWritten;
  }

  /** Throws TOPOLOGY_CHANGED, with each difference, for a plan that would orphan or misread what is there. */
  static async checked({
    log,
    plan,
    application,
    member,
    allowTopologyChange,
  }: StoredPlanOptions): Promise<StoredPlan> {
    const json = planJsonOf(plan);
    const text = JSON.stringify(json);
    await log.loadGroupState?.(application, member);
    const stored = storedPlanText(log, application);
    if (stored === undefined) return new StoredPlan(text, false);
    if (stored === text) return new StoredPlan(text, true);
    if (allowTopologyChange !== true) {
      const before = parsePlanJson(JSON.parse(stored), `what application ${application} keeps`);
      const losing = await losingDifferences(log, application, planDifferences(before, json));
      if (losing.length > 0) throw topologyChanged(application, losing);
    }
    return new StoredPlan(text, false);
  }

  /** Equal for equal plans. */
  get id(): string {
    return createHash('sha256').update(this.#text).digest('base64url').slice(0, ID_LENGTH);
  }

  /** For the next commit: the plan, as long as it is not what is on disk. */
  changes(): readonly StateChanges[] {
    if (this.#isWritten) return [];
    return [{ store: PLAN_STORE, partition: PARTITION, entries: [[KEY, Buffer.from(this.#text)]] }];
  }

  noteCommitted(): void {
    this.#isWritten = true;
  }
}

/** The plan under which the state of an application was written, as far as that is loaded ({@link Log.loadGroupState}); undefined where it has none. */
export function storedPlan(log: Log, application: string): PlanJson | undefined {
  const text = storedPlanText(log, application);
  return text === undefined ? undefined : parsePlanJson(JSON.parse(text), `what application ${application} keeps`);
}

function storedPlanText(log: Log, application: string): string | undefined {
  const bytes = log.state(application).partition(PLAN_STORE, PARTITION).get(KEY);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('utf8');
}

/**
 * For state that can be made again at any time, such as that of global tables: where it was written under a plan that differs
 * in what is on disk, it is emptied and its sources are read from the beginning.
 */
export async function renewWhereChanged({ log, plan, application, member }: StoredPlanOptions): Promise<void> {
  await log.loadGroupState?.(application, member);
  const before = storedPlan(log, application);
  if (before === undefined || !movesState(planDifferences(before, planJsonOf(plan)))) return;
  const offsets: GroupOffset[] = [];
  for (const { topic } of plan.subTopologies.flatMap(({ sources }) => sources)) {
    for (const { partition, start } of await log.watermarks(topicNamer(application)(topic))) {
      offsets.push({ topic: topic.name, partition, offset: start });
    }
  }
  await log.resetGroup(application, { offsets, dropsState: true });
}

/** What only loses records under way counts while there are some. */
async function losingDifferences(
  log: Log,
  application: string,
  differences: readonly PlanDifference[],
): Promise<readonly PlanDifference[]> {
  const losing: PlanDifference[] = [];
  for (const difference of differences) {
    if (difference.effect !== 'loses') continue;
    const isDrained =
      difference.untilDrained === true && !(await hasRecordsUnderWay(log, application, difference.name));
    if (!isDrained) losing.push(difference);
  }
  return losing;
}

async function hasRecordsUnderWay(log: Log, application: string, repartition: string): Promise<boolean> {
  const topic = topicNamer(application)({ name: repartition, isInternal: true });
  if (!(await log.topics()).some(({ name }) => name === topic)) return false;
  const offsets = await log.committedOffsets(application);
  return (await log.watermarks(topic)).some(({ partition, start, end }) => {
    const committed = offsets.find((each) => each.topic === topic && each.partition === partition);
    return (committed?.offset ?? start) < end;
  });
}

function topologyChanged(application: string, losing: readonly PlanDifference[]): HeadraceError {
  const list = losing.map(({ message }) => `\n  ${message}`).join('');
  return new HeadraceError(
    'TOPOLOGY_CHANGED',
    `The topology of ${application} is not the one under which its state was written, and would lose some of it:${list}\n` +
      'Change it back, or reset the application ("headrace reset"), or start with --allow-topology-change (allowTopologyChange) if that is meant',
  );
}
