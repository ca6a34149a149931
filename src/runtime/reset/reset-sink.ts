import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import { requireStopped } from './require-stopped.ts';
import { partitionResets } from './reset-offsets.ts';
import type { PartitionReset, ResetReport, ResetRequest } from './reset-request.ts';

/**
 * Sends a sink back or forward in the topics that it brings over. Records that it reads again become the same rows once more, under the same keys and versions, so that
 * readers see what they saw. A cut that is under way is forgotten with its offsets, in the same step: it would go on behind the new ones. Throws USAGE for a topic that is
 * none of the sink's, COMMIT_REFUSED while the sink runs.
 */
export async function resetSink(log: Log, topics: readonly string[], request: ResetRequest): Promise<ResetReport> {
  const { application, target, executes } = request;
  const chosen = request.topics ?? topics;
  for (const topic of chosen) {
    if (topics.includes(topic)) continue;
    throw new HeadraceError('USAGE', `${application} does not read ${topic}; it reads ${topics.join(', ')}`);
  }
  const existing = new Set((await log.topics()).map(({ name }) => name));
  const committed = await log.committedOffsets(application);
  const sources: PartitionReset[] = [];
  for (const topic of chosen) {
    if (existing.has(topic)) sources.push(...(await partitionResets(log, topic, target, committed)));
  }
  const report: ResetReport = {
    application,
    isExecuted: executes,
    sources,
    purged: [],
    replayed: [],
    stores: [],
    keepsState: false,
    outputs: [],
    warnings: sources.some(({ skips }) => skips > 0)
      ? ['Records are skipped: their rows are missing in ClickHouse until "headrace reconcile --repair" writes them.']
      : [],
  };
  if (!executes) return report;
  const offsets = sources.map(({ topic, partition, to }) => ({ topic, partition, offset: to }));
  await requireStopped(application, () => log.resetGroup(application, { offsets, dropsState: true }));
  return report;
}
