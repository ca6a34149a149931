import type { ClickHouse } from '../../../src/clickhouse/clickhouse.ts';

const TARGET = 'headrace.transactions_by_id_rows';
const AWAY = 'headrace.chaos_away';

/** How a view's target refuses rows: none of them passes its check, or it is not there. */
export const REFUSALS = ['constraint', 'away'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** From now on the table behind a materialized view takes no rows; an insert into the view's source fails half done. */
export async function refuse(clickhouse: ClickHouse, refusal: Refusal): Promise<void> {
  if (refusal === 'away') await clickhouse.command(`RENAME TABLE ${TARGET} TO ${AWAY}`);
  else await clickhouse.command(`ALTER TABLE ${TARGET} ADD CONSTRAINT IF NOT EXISTS chaos CHECK sequence = 0`);
}

/** Mends both, also what a killed process has left so. */
export async function mend(clickhouse: ClickHouse): Promise<void> {
  const names = await clickhouse.rows<{ name: string }>("SELECT name FROM system.tables WHERE database = 'headrace'");
  if (names.some(({ name }) => AWAY.endsWith(`.${name}`)))
    await clickhouse.command(`RENAME TABLE ${AWAY} TO ${TARGET}`);
  await clickhouse.command(`ALTER TABLE ${TARGET} DROP CONSTRAINT IF EXISTS chaos`);
}
