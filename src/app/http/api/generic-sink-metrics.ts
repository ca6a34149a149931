import { Counter, Gauge, type Registry } from 'prom-client';
import type { SinkFigures } from '../../node.ts';

const FIGURES: readonly (readonly [
  name: string,
  help: string,
  kind: 'counter' | 'gauge',
  value: (sink: SinkFigures) => number,
])[] = [
  ['headrace_generic_sink_rows_total', 'Rows written by a sink by configuration', 'counter', ({ rows }) => rows],
  [
    'headrace_generic_sink_dead_letters_total',
    'Records that a sink by configuration could not make rows of',
    'counter',
    ({ deadLetters }) => deadLetters,
  ],
  ['headrace_generic_sink_records_lag', 'Records that are not in its table yet', 'gauge', ({ lag }) => lag],
  [
    'headrace_generic_sink_failing',
    '1 while a sink by configuration gets nothing into its table',
    'gauge',
    ({ error }) => (error === undefined ? 0 : 1),
  ],
];

/** The figures of the sinks by configuration, in a registry; {@link update} sets them. */
export class GenericSinkMetrics {
  readonly #metrics: readonly (readonly [Counter | Gauge, (sink: SinkFigures) => number])[];

  constructor(registry: Registry) {
    this.#metrics = FIGURES.map(([name, help, kind, value]) => {
      const options = { name, help, labelNames: ['sink'], registers: [registry] };
      return [kind === 'counter' ? new Counter(options) : new Gauge(options), value];
    });
  }

  update(sinks: readonly SinkFigures[]): void {
    for (const [metric, value] of this.#metrics) {
      metric.reset();
      for (const sink of sinks) metric.inc({ sink: sink.sink }, value(sink));
    }
  }
}
