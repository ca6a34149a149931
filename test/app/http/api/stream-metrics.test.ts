import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { StreamMetrics } from '../../../../src/app/http/api/stream-metrics.ts';
import { noneCounted } from '../../../../src/runtime/task-counters.ts';
import type { TaskFigures, WorkerFigures } from '../../../../src/runtime/worker-figures.ts';

const task = (taskId: string, change: Partial<TaskFigures> = {}): TaskFigures => ({
  taskId,
  processed: 0,
  dropped: {},
  skipped: [],
  outOfOrder: {},
  suppressionEmits: {},
  emitFinalRecords: {},
  calls: {},
  invariantBreaches: {},
  buffered: 0,
  lag: 0,
  uncommittedKeys: {},
  ...change,
});

const worker = (tasks: readonly TaskFigures[], change: Partial<WorkerFigures> = {}): WorkerFigures => ({
  application: 'app',
  member: 'worker-0',
  counters: { ...noneCounted(), processed: 7, punctuated: 3 },
  polls: 9,
  commits: 2,
  aborts: 1,
  tasksCreated: 4,
  tasksClosed: 1,
  tasks,
  ...change,
});

async function scraped(...updates: readonly (readonly WorkerFigures[])[]): Promise<readonly string[]> {
  const registry = new Registry();
  const metrics = new StreamMetrics(registry);
  for (const workers of updates) metrics.update(workers);
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

it('has names and labels of Kafka Streams, absolute over every scrape', async () => {
  const tasks = [
    task('0_0', {
      processed: 5,
      skipped: [{ operator: 'counts-aggregate', reason: 'late', count: 8 }],
      suppressionEmits: { 'final-suppress': 6 },
      emitFinalRecords: { 'counts-aggregate': 3 },
      invariantBreaches: { 'counts-grow': 4 },
      buffered: 2,
      lag: 6,
      uncommittedKeys: { counts: 3, sums: 1 },
    }),
    task('0_1', { processed: 2, uncommittedKeys: { counts: 4 } }),
  ];
  const lines = await scraped([worker(tasks)], [worker(tasks), worker([], { application: 'other' })]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'kafka_stream_thread_process_total{thread_id="app-worker-0"} 7',
      'kafka_stream_thread_process_total{thread_id="other-worker-0"} 7',
      'kafka_stream_thread_commit_total{thread_id="app-worker-0"} 2',
      'kafka_stream_thread_poll_total{thread_id="app-worker-0"} 9',
      'kafka_stream_thread_punctuate_total{thread_id="app-worker-0"} 3',
      'kafka_stream_thread_task_created_total{thread_id="app-worker-0"} 4',
      'kafka_stream_thread_task_closed_total{thread_id="app-worker-0"} 1',
      'kafka_stream_task_process_total{thread_id="app-worker-0",task_id="0_0"} 5',
      'kafka_stream_task_process_total{thread_id="app-worker-0",task_id="0_1"} 2',
      'kafka_stream_task_dropped_records_total{thread_id="app-worker-0",task_id="0_0",processor_node_id="counts-aggregate",reason="late"} 8',
      'kafka_stream_processor_node_suppression_emit_total{thread_id="app-worker-0",task_id="0_0",processor_node_id="final-suppress"} 6',
      'kafka_stream_processor_node_emit_final_records_total{thread_id="app-worker-0",task_id="0_0",processor_node_id="counts-aggregate"} 3',
      'headrace_invariant_breaches_total{thread_id="app-worker-0",task_id="0_0",invariant="counts-grow"} 4',
      'kafka_stream_task_active_buffer_count{thread_id="app-worker-0",task_id="0_0"} 2',
      'kafka_stream_task_records_lag{thread_id="app-worker-0",task_id="0_0"} 6',
      'kafka_stream_state_uncommitted_keys{thread_id="app-worker-0",state_id="counts"} 7',
      'kafka_stream_state_uncommitted_keys{thread_id="app-worker-0",state_id="sums"} 1',
    ]),
  );
});

it('lets the series of a task go with the task, and bounds how many there are', async () => {
  const gone = await scraped([worker([task('0_0'), task('0_1')])], [worker([task('0_1')])]);
  expect(gone.filter((line) => line.includes('0_0'))).toEqual([]);
  const many = Array.from({ length: 1_000 }, (_, partition) => task(`0_${partition}`, { processed: 1 }));
  const lines = (await scraped([worker(many)])).filter((line) => line.startsWith('kafka_stream_task_process_total'));
  expect(lines).toHaveLength(257);
  expect(lines).toContain('kafka_stream_task_process_total{thread_id="app-worker-0",task_id="other"} 744');
});

it('tells of calls by operator: what was asked, and how long the oldest waits', async () => {
  const calls = { inFlight: 3, oldestMs: 1_500, attempts: 9, retries: 4, timeouts: 2, failures: 1 };
  const lines = await scraped([worker([task('1_0', { calls: { pay: calls } })])]);
  const labels = '{thread_id="app-worker-0",task_id="1_0",processor_node_id="pay"}';
  expect(lines.filter((line) => line.startsWith('headrace_call_'))).toEqual([
    `headrace_call_attempts_total${labels} 9`,
    `headrace_call_retries_total${labels} 4`,
    `headrace_call_timeouts_total${labels} 2`,
    `headrace_call_failures_total${labels} 1`,
    `headrace_call_in_flight${labels} 3`,
    `headrace_call_oldest_seconds${labels} 1.5`,
  ]);
});
