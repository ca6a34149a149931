import { expect, test } from 'vitest';
import { Metrics } from '../../../../src/app/http/api/metrics.ts';
import { notStarted } from '../../../../src/app/node.ts';

async function waiting(sinkError: string | undefined, code: string | undefined): Promise<Record<string, string>> {
  const status = { ...notStarted, sinkError, sinkWaiting: { sink: 'clickhouse', code } };
  const text = await new Metrics(
    async () => status,
    () => 0,
  ).text();
  const found = text.matchAll(/^headrace_sink_waiting\{sink="clickhouse",reason="([a-z_]+)"\} (\d)$/gm);
  return Object.fromEntries([...found].map(([, reason = '', value = '']) => [reason, value]));
}

const NONE = { view_refused: '0', table_mismatch: '0', refusals_exceeded: '0', unavailable: '0' };

test.each([
  [undefined, undefined, NONE],
  ['no column', 'TABLE_MISMATCH', { ...NONE, table_mismatch: '1' }],
  ['the view', 'VIEW_REFUSED', { ...NONE, view_refused: '1' }],
  ['too many', 'SINK_REFUSALS_EXCEEDED', { ...NONE, refusals_exceeded: '1' }],
  ['away', 'CLICKHOUSE_FAILED', { ...NONE, unavailable: '1' }],
  ['a bug', undefined, { ...NONE, unavailable: '1' }],
])('error %s with code %s is one reason, and 0 for all others', async (error, code, expected) => {
  expect(await waiting(error, code)).toEqual(expected);
});
