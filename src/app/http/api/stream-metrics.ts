import { Counter, Gauge, type Registry } from 'prom-client';
import type { WorkerFigures } from '../../../runtime/worker-figures.ts';

/** More tasks of a worker than this share one series, `other`: each would be several for as long as Prometheus keeps them. */
const TASK_SERIES_MAX = 256;
const OTHER_TASKS = 'other';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

interface Figure {
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: readonly string[];
  readonly samples: (worker: WorkerFigures) => readonly Sample[];
}

function seriesOf(taskId: string, index: number): string {
  return index < TASK_SERIES_MAX ? taskId : OTHER_TASKS;
}

/** One value of a worker. In Kafka Streams a thread has a name; here the application with its member is what runs tasks. */
function ofThread(name: string, help: string, value: (worker: WorkerFigures) => number): Figure {
  const samples = (worker: WorkerFigures): readonly Sample[] => [[{}, value(worker)]];
  return { name: `kafka_stream_thread_${name}`, help, kind: 'counter', labels: [], samples };
}

function ofTasks(
  name: string,
  help: string,
  kind: Figure['kind'],
  value: (task: WorkerFigures['tasks'][number]) => number,
): Figure {
  const samples = ({ tasks }: WorkerFigures): readonly Sample[] =>
    tasks.map((task, index) => [{ task_id: seriesOf(task.taskId, index) }, value(task)]);
  return { name: `kafka_stream_task_${name}`, help, kind, labels: ['task_id'], samples };
}

function ofOperators(
  name: string,
  help: string,
  counts: (task: WorkerFigures['tasks'][number]) => Readonly<Record<string, number>>,
  kind: Figure['kind'] = 'counter',
): Figure {
  const samples = ({ tasks }: WorkerFigures): readonly Sample[] =>
    tasks.flatMap((task, index) =>
      Object.entries(counts(task)).map(
        ([operator, count]): Sample => [{ task_id: seriesOf(task.taskId, index), processor_node_id: operator }, count],
      ),
    );
  return { name, help, kind, labels: ['task_id', 'processor_node_id'], samples };
}

/** Of asynchronous operators, which Kafka Streams has none of. */
function ofCalls(
  name: string,
  help: string,
  kind: Figure['kind'],
  value: (calls: WorkerFigures['tasks'][number]['calls'][string]) => number,
): Figure {
  const counts = ({ calls }: WorkerFigures['tasks'][number]) =>
    Object.fromEntries(Object.entries(calls).map(([operator, each]) => [operator, value(each)]));
  return ofOperators(`headrace_call_${name}`, help, counts, kind);
}

/** Kafka Streams' metrics as JMX exporters write them, and ours; docs/HTTP.md has the same table, and says what has no meaning here. */
const FIGURES: readonly Figure[] = [
  ofThread('process_total', 'Records processed', ({ counters }) => counters.processed),
  ofThread('commit_total', 'Commits', ({ commits }) => commits),
  ofThread('poll_total', 'Polls for records', ({ polls }) => polls),
  ofThread(
    'punctuate_total',
    'Punctuations by the wall clock, idle ticks among them',
    ({ counters }) => counters.punctuated,
  ),
  ofThread('task_created_total', 'Tasks that came with an assignment', ({ tasksCreated }) => tasksCreated),
  ofThread('task_closed_total', 'Tasks that went with one', ({ tasksClosed }) => tasksClosed),
  ofTasks('process_total', 'Records processed by a task', 'counter', ({ processed }) => processed),
  ofTasks(
    'active_buffer_count',
    'Records fetched for a task and not processed yet',
    'gauge',
    ({ buffered }) => buffered,
  ),
  ofTasks('records_lag', 'Records in the partitions of a task that are not processed yet', 'gauge', ({ lag }) => lag),
  {
    name: 'kafka_stream_task_dropped_records_total',
    help: 'Records that an operator skipped, and why',
    kind: 'counter',
    labels: ['task_id', 'processor_node_id', 'reason'],
    samples: ({ tasks }) =>
      tasks.flatMap(({ taskId, skipped }, index) =>
        skipped.map(({ operator, reason, count }): Sample => {
          return [{ task_id: seriesOf(taskId, index), processor_node_id: operator, reason }, count];
        }),
      ),
  },
  ofOperators(
    'kafka_stream_processor_node_suppression_emit_total',
    'Changes that a suppress operator let through',
    ({ suppressionEmits }) => suppressionEmits,
  ),
  ofOperators(
    'kafka_stream_processor_node_emit_final_records_total',
    'Windows that were sent when they had closed',
    ({ emitFinalRecords }) => emitFinalRecords,
  ),
  ofCalls('attempts_total', 'Requests to a callee', 'counter', ({ attempts }) => attempts),
  ofCalls('retries_total', 'Requests that were not the first about their record', 'counter', ({ retries }) => retries),
  ofCalls('timeouts_total', 'Requests that were not answered in time', 'counter', ({ timeouts }) => timeouts),
  ofCalls('failures_total', 'Calls that failed for good', 'counter', ({ failures }) => failures),
  ofCalls('in_flight', 'Calls under way', 'gauge', ({ inFlight }) => inFlight),
  ofCalls(
    'oldest_seconds',
    'Since the call began that is under way longest',
    'gauge',
    ({ oldestMs }) => oldestMs / 1_000,
  ),
  {
    name: 'headrace_invariant_breaches_total',
    help: 'Breaches of an invariant that the topology declares',
    kind: 'counter',
    labels: ['task_id', 'invariant'],
    samples: ({ tasks }) =>
      tasks.flatMap(({ taskId, invariantBreaches }, index) =>
        Object.entries(invariantBreaches).map(
          ([invariant, count]): Sample => [{ task_id: seriesOf(taskId, index), invariant }, count],
        ),
      ),
  },
  {
    name: 'kafka_stream_state_uncommitted_keys',
    help: 'Keys of a store that the next commit writes, over all tasks',
    kind: 'gauge',
    labels: ['state_id'],
    samples: ({ tasks }) =>
      tasks.flatMap(({ uncommittedKeys }) =>
        Object.entries(uncommittedKeys).map(([store, count]): Sample => [{ state_id: store }, count]),
      ),
  },
];

/** The figures of the workers, in a registry; {@link update} sets them. */
export class StreamMetrics {
  readonly #metrics: readonly (readonly [Figure, Counter | Gauge])[];

  constructor(registry: Registry) {
    this.#metrics = FIGURES.map((figure) => {
      const { name, help, labels, kind } = figure;
      const options = { name, help, labelNames: ['thread_id', ...labels], registers: [registry] };
      return [figure, kind === 'counter' ? new Counter(options) : new Gauge(options)];
    });
  }

  update(workers: readonly WorkerFigures[]): void {
    for (const [figure, metric] of this.#metrics) {
      // Series of tasks that have gone go with them.
      metric.reset();
      for (const worker of workers) {
        const thread = { thread_id: `${worker.application}-${worker.member}` };
        for (const [labels, value] of figure.samples(worker)) metric.inc({ ...thread, ...labels }, value);
      }
    }
  }
}
