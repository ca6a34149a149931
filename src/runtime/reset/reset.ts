import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { PlanJson } from '../../streams/topology/plan-json.ts';
import { internalTopicsOf } from '../internal-names.ts';
import { committedParking } from '../parked-keys.ts';
import { storedPlan } from '../stored-plan.ts';
import { requireStopped } from './require-stopped.ts';
import { partitionResets } from './reset-offsets.ts';
import type { PartitionReset, ResetReport, ResetRequest } from './reset-request.ts';

/**
 * Sends an application back or forward in its sources: tells what that does and, with `executes`, does it in one atomic step
 * of the log. `known` has the plans of applications that have not kept one yet. Throws USAGE for an application or a topic
 * that is none, COMMIT_REFUSED while the application runs.
 */
export async function resetApplication(
  log: Log,
  known: ReadonlyMap<string, PlanJson>,
  request: ResetRequest,
): Promise<ResetReport> {
  const { application, keepsState, executes } = request;
  await log.loadGroupState?.(application);
  const plan = storedPlan(log, application) ?? known.get(application);
  if (plan === undefined) throw await unknownApplication(log, known, application);
  const report = await planned(log, plan, request);
  if (!executes) return report;
  const offsets = [...report.sources, ...report.purged, ...report.replayed].map(({ topic, partition, to }) => ({
    topic,
    partition,
    offset: to,
  }));
  await requireStopped(application, () => log.resetGroup(application, { offsets, dropsState: !keepsState }));
  return { ...report, isExecuted: true };
}

async function planned(log: Log, plan: PlanJson, request: ResetRequest): Promise<ResetReport> {
  const { application, target, keepsState } = request;
  const existing = new Set((await log.topics()).map(({ name }) => name));
  const committed = await log.committedOffsets(application);
  const all = externalTopics(plan, 'reads');
  const chosen = request.topics ?? all;
  for (const topic of chosen) {
    if (all.includes(topic)) continue;
    throw new HeadraceError('USAGE', `${application} does not read ${topic}; it reads ${all.join(', ')}`);
  }
  const resetsOf = async (topics: readonly string[], to: ResetRequest['target']) => {
    const resets: PartitionReset[] = [];
    for (const topic of topics) {
      if (existing.has(topic)) resets.push(...(await partitionResets(log, topic, to, committed)));
    }
    return resets;
  };
  const internal = keepsState ? [] : internalTopicsOf(plan, application);
  const named = (wanted: string) => internal.filter(({ kind }) => kind === wanted).map(({ name }) => name);
  const sources = await resetsOf(chosen, target);
  return {
    application,
    isExecuted: false,
    sources,
    purged: await resetsOf(named('repartition'), { kind: 'latest' }),
    replayed: await resetsOf(named('idleTicks'), { kind: 'earliest' }),
    stores: [...new Set(plan.subTopologies.flatMap(({ stores }) => stores))],
    keepsState,
    outputs: await outputsOf(log, plan, application),
    warnings: await warningsOf(
      log,
      request,
      all.filter((topic) => !chosen.includes(topic)),
      sources,
    ),
  };
}

function externalTopics({ subTopologies, repartitionTopics }: PlanJson, which: 'reads' | 'writes'): readonly string[] {
  const internal = new Set(repartitionTopics.map(({ name }) => name));
  return [...new Set(subTopologies.flatMap((each) => each[which]))].filter((name) => !internal.has(name)).sort();
}

async function outputsOf(log: Log, plan: PlanJson, application: string): Promise<ResetReport['outputs']> {
  const readers = new Map<string, Set<string>>();
  for (const group of await log.groups()) {
    for (const { topic } of await log.committedOffsets(group)) {
      const groups = readers.get(topic) ?? new Set();
      readers.set(topic, groups.add(group));
    }
  }
  return externalTopics(plan, 'writes').map((topic) => ({
    topic,
    readBy: [...(readers.get(topic) ?? [])].filter((group) => group !== application).sort(),
  }));
}

async function warningsOf(
  log: Log,
  { application, keepsState, target }: ResetRequest,
  others: readonly string[],
  sources: readonly PartitionReset[],
): Promise<readonly string[]> {
  const warnings: string[] = [];
  const rereads = sources.some((each) => each.rereads > 0);
  if (keepsState && rereads) {
    warnings.push('The state stays, and records are processed again: aggregates will count them twice.');
  }
  if (!keepsState && others.length > 0) {
    warnings.push(`The state is emptied, and what ${others.join(', ')} brought into it does not come again.`);
  }
  if (!keepsState && target.kind !== 'earliest') {
    warnings.push(
      'The state is emptied, and records before the new offsets do not come again: it begins in the middle.',
    );
  }
  if (!keepsState && hasParked(log, application, sources)) {
    const again = target.kind === 'earliest' ? 'they come again with their topics' : 'they may not come again';
    warnings.push(`Records wait behind dead letters; that is forgotten with the state, and ${again}.`);
  }
  if (sources.some((each) => each.skips > 0)) warnings.push('Records are skipped: they are never processed.');
  for (const topic of new Set(sources.map((each) => each.topic))) {
    const cut = (await log.watermarks(topic)).filter(({ start }) => start > 0);
    if (!keepsState && cut.length > 0) {
      warnings.push(`${topic} no longer holds its first records (retention): what came of them can't be made again.`);
    }
  }
  return warnings;
}

function hasParked(log: Log, application: string, places: readonly PartitionReset[]): boolean {
  const state = log.state(application);
  return places.some(({ topic, partition }) => committedParking(state, { topic, partition }).keys.length > 0);
}

async function unknownApplication(
  log: Log,
  known: ReadonlyMap<string, PlanJson>,
  application: string,
): Promise<HeadraceError> {
  const groups = await log.groups();
  for (const group of groups) await log.loadGroupState?.(group);
  const names = [...new Set([...known.keys(), ...groups.filter((group) => storedPlan(log, group) !== undefined)])]
    .sort()
    .join(', ');
  return new HeadraceError('USAGE', `There is no application ${application}; there are: ${names}`);
}
