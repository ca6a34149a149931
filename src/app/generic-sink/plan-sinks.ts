import { type AskRows, existingTable, planTable, type TablePlan } from '../../clickhouse/generic/table-plan.ts';
import type { OpenGenericSinks } from './open-generic-sinks.ts';

/** What making a sink's table would do. */
export interface SinkPlan extends TablePlan {
  /** The group of the sink. */
  readonly sink: string;
}

/** Compares each sink's table with what ClickHouse has; `ask` is undefined where there is no ClickHouse yet. */
export async function planSinks({ sinks }: OpenGenericSinks, ask: AskRows | undefined): Promise<readonly SinkPlan[]> {
  const plans: SinkPlan[] = [];
  for (const { name, table } of sinks) {
    const existing = ask === undefined ? undefined : await existingTable(ask, table.name);
    plans.push({ sink: name, ...planTable(table, existing) });
  }
  return plans;
}
