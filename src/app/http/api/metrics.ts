import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { NodeStatus } from '../../node.ts';
import { GenericSinkMetrics } from './generic-sink-metrics.ts';
import { StreamMetrics } from './stream-metrics.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Figures that a node counts by itself, and under which name Prometheus gets them; docs/HTTP.md has the same table. */
const COUNTERS: readonly (readonly [name: string, help: string, figure: (status: NodeStatus) => number])[] = [
  ['headrace_dead_letters_total', 'Records gone to dead letters', ({ deadLetters }) => deadLetters],
  ['headrace_parked_records_total', 'Records put aside behind a dead letter of their key', ({ parked }) => parked],
  ['headrace_commit_aborts_total', 'Commits aborted and tried again', ({ aborts }) => aborts],
  ['headrace_sink_rows_total', 'Rows written to ClickHouse', ({ sinkRows }) => sinkRows],
];
const GAUGES: readonly (readonly [name: string, help: string, figure: (status: NodeStatus) => number])[] = [
  ['kafka_consumer_fetch_manager_records_lag', 'Records taken in and not processed yet', ({ lag }) => lag],
  ['headrace_sink_records_lag', 'Records in the log and not in ClickHouse yet', ({ sinkLag }) => sinkLag],
  ['headrace_sink_failing', '1 while ClickHouse refuses what is written', ({ sinkError }) => (sinkError ? 1 : 0)],
];

/** What the sink may wait for, by the code of its error; everything else is `unavailable`: ClickHouse, its disk or the log. */
const WAITING_REASONS: Readonly<Record<string, string>> = {
  VIEW_REFUSED: 'view_refused',
  TABLE_MISMATCH: 'table_mismatch',
  SINK_REFUSALS_EXCEEDED: 'refusals_exceeded',
};
const UNAVAILABLE = 'unavailable';

/** What /metrics shows. Each server has a registry of its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #duration: Histogram;
  readonly #items: Counter;
  readonly #refused: Counter;
  readonly #status: () => Promise<NodeStatus>;
  readonly #streams: StreamMetrics;
  readonly #genericSinks: GenericSinkMetrics;
  readonly #figures: readonly ((status: NodeStatus) => void)[];

  constructor(status: () => Promise<NodeStatus>, requestsUnderWay: () => number) {
    const registers = [this.#registry];
    this.#status = status;
    this.#streams = new StreamMetrics(this.#registry);
    this.#genericSinks = new GenericSinkMetrics(this.#registry);
    this.#duration = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Requests by route and status',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets: SECONDS,
      registers,
    });
    this.#items = new Counter({
      name: 'headrace_http_items_total',
      help: 'Items of POST /transactions, accepted or refused at the door',
      labelNames: ['result'],
      registers,
    });
    this.#refused = new Counter({
      name: 'headrace_http_refused_requests_total',
      help: 'Requests refused with a problem, by its code',
      labelNames: ['code'],
      registers,
    });
    new Gauge({
      name: 'headrace_http_requests_under_way',
      help: 'Requests that are not answered yet',
      registers,
      collect() {
        this.set(requestsUnderWay());
      },
    });
    const counters = COUNTERS.map(([name, help, figure]) => {
      const counter = new Counter({ name, help, registers });
      return (now: NodeStatus) => {
        counter.reset();
        counter.inc(figure(now));
      };
    });
    const gauges = GAUGES.map(([name, help, figure]) => {
      const gauge = new Gauge({ name, help, registers });
      return (now: NodeStatus) => gauge.set(figure(now));
    });
    const faults = new Counter({
      name: 'headrace_faults_total',
      help: 'What went wrong, by who met it and by its code',
      labelNames: ['source', 'code'],
      registers,
    });
    const countFaults = (now: NodeStatus) => {
      faults.reset();
      for (const { source, code, count } of now.faults ?? []) faults.inc({ source, code }, count);
    };
    const waiting = new Gauge({
      name: 'headrace_sink_waiting',
      help: '1 while the sink waits for something to be mended, by what it is',
      labelNames: ['sink', 'reason'],
      registers,
    });
    const setWaiting = ({ sinkError, sinkWaiting }: NodeStatus) => {
      if (sinkWaiting === undefined) return;
      const { sink, code } = sinkWaiting;
      const present = sinkError === undefined ? undefined : (WAITING_REASONS[code ?? ''] ?? UNAVAILABLE);
      for (const reason of [...Object.values(WAITING_REASONS), UNAVAILABLE])
        waiting.set({ sink, reason }, reason === present ? 1 : 0);
    };
    const restored = new Counter({
      name: 'headrace_restore_records_total',
      help: 'Records read from changelogs into the local state, for partitions owned and for copies of others',
      labelNames: ['kind'],
      registers,
    });
    const remaining = new Gauge({
      name: 'headrace_restore_remaining_records',
      help: 'Records of changelogs that are to be read by what is being restored',
      labelNames: ['kind'],
      registers,
    });
    const setRestores = (now: NodeStatus) => {
      restored.reset();
      for (const { kind, records, remaining: left } of now.restores ?? []) {
        restored.inc({ kind }, records);
        remaining.set({ kind }, left);
      }
    };
    this.#figures = [...counters, ...gauges, countFaults, setWaiting, setRestores];
    collectDefaultMetrics({ register: this.#registry });
  }

  /** `route` is the pattern, never the path: a path may hold anything, and each would be a series of its own. */
  answered(method: string, route: string, status: number, seconds: number): void {
    this.#duration.observe(
      { http_request_method: method, http_route: route, http_response_status_code: status },
      seconds,
    );
  }

  items(result: 'accepted' | 'refused', count: number): void {
    if (count > 0) this.#items.inc({ result }, count);
  }

  refused(code: string): void {
    this.#refused.inc({ code });
  }

  async text(): Promise<string> {
    const status = await this.#status();
    for (const set of this.#figures) set(status);
    this.#streams.update(status.workers ?? []);
    this.#genericSinks.update(status.sinks ?? []);
    return this.#registry.metrics();
  }

  get type(): string {
    return this.#registry.contentType;
  }
}
