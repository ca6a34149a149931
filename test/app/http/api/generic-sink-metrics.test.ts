import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { GenericSinkMetrics } from '../../../../src/app/http/api/generic-sink-metrics.ts';

it('each sink has its figures, absolute over every scrape, and goes when it is gone', async () => {
  const registry = new Registry();
  const metrics = new GenericSinkMetrics(registry);
  const sink = (name: string, error?: string) => {
    return { sink: name, table: 't', rows: 5, lag: 2, deadLetters: 1, error };
  };
  const lines = async () => (await registry.metrics()).split('\n').filter((line) => line.includes('{'));
  metrics.update([sink('a'), sink('b', 'planted')]);
  metrics.update([sink('b', 'planted')]);
  expect(await lines()).toEqual([
    'headrace_generic_sink_rows_total{sink="b"} 5',
    'headrace_generic_sink_dead_letters_total{sink="b"} 1',
    'headrace_generic_sink_records_lag{sink="b"} 2',
    'headrace_generic_sink_failing{sink="b"} 1',
  ]);
  metrics.update([sink('b')]);
  expect((await lines()).at(-1)).toBe('headrace_generic_sink_failing{sink="b"} 0');
});
