import type { Log } from '../log/log.ts';
import { resetApplication } from '../runtime/reset/reset.ts';
import type { ResetReport, ResetRequest } from '../runtime/reset/reset-request.ts';
import { resetSink } from '../runtime/reset/reset-sink.ts';
import { planJsonOf } from '../streams/topology/plan-json.ts';
import type { Workload } from './workload.ts';

/** Sends one of the workload's applications, or its sink, back or forward. Throws as resetApplication and resetSink do. */
export async function resetIn(
  log: Log,
  { systems, tables, sink }: Workload,
  request: ResetRequest,
): Promise<ResetReport> {
  if (request.application === sink && tables.length > 0) {
    const topics = tables.map(({ topic }) => topic);
    const report = await resetSink(log, topics, request);
    const again = new Set(report.sources.filter(({ rereads }) => rereads > 0).map(({ topic }) => topic));
    const names = tables.filter(({ topic }) => again.has(topic)).map(({ table }) => table);
    return { ...report, tables: [...new Set(names)] };
  }
  const plans = systems.map(({ application, topology }) => [application, planJsonOf(topology.plan)] as const);
  return resetApplication(log, new Map(plans), request);
}
