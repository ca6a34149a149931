import type { Serde } from '../serde/serde.ts';
import {
  type AggregateInput,
  addAggregate,
  addSessionAggregate,
  addWindowAggregate,
  type NewAggregate,
} from './add-aggregate.ts';
import type { CachedOption } from './cached.ts';
import { checkSameGraph } from './graph.ts';
import type { KGroupedStream } from './grouped.ts';
import { KTable } from './table.ts';
import type { WindowedOptions } from './windowed-options.ts';
import {
  checkedWindows,
  type SessionWindows,
  type SlidingWindows,
  type TimeWindows,
  type Windowed,
} from './windows.ts';

/** What an aggregate of several streams is stored as, and begins with. */
export interface CogroupOptions<A> extends CachedOption {
  /** Names the store. It becomes part of the state on disk: keep it. */
  readonly name: string;
  /** The aggregate of a key before its first record. */
  readonly initializer: () => A;
  /** The serde of the aggregate. */
  readonly value: Serde<A>;
}

/** Windows of a cogrouped stream are sent on with each change. */
export type CogroupWindowOptions = Omit<WindowedOptions, 'emit'>;

/** Several grouped streams with the same keys, on their way to one aggregate (KIP-150). Immutable. */
export class CogroupedKStream<K, A> {
  readonly #inputs: readonly AggregateInput[];

  /** @internal */
  constructor(inputs: readonly AggregateInput[]) {
    this.#inputs = inputs;
  }

  /** Adds a stream, with its own way of adding to the aggregate. */
  cogroup<V>(
    grouped: KGroupedStream<K, V>,
    aggregator: (key: K, value: V, aggregate: A) => A | null,
  ): CogroupedKStream<K, A> {
    const added = grouped.cogrouped(aggregator);
    checkSameGraph(this.#inputs[0]!.input.graph, added.input.graph, 'cogroup');
    return new CogroupedKStream([...this.#inputs, added]);
  }

  /** Folds the values of each key, of whichever stream, into an aggregate. Null keys and values are skipped. */
  aggregate({ name, initializer, value, cached = false }: CogroupOptions<A>): KTable<K, A> {
    const made = { ...newAggregate(this.#inputs, name, value), cached };
    const { graph, node, key } = addAggregate(made, initializer);
    return new KTable<K, A>(graph, node, { key: key as Serde<K>, value });
  }

  /** Windows of time beside the key. */
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedCogroupedKStream<K, A>;
  /** Sessions: records of a key between which no gap is too great. */
  windowedBy(windows: SessionWindows): SessionWindowedCogroupedKStream<K, A>;
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows,
  ): TimeWindowedCogroupedKStream<K, A> | SessionWindowedCogroupedKStream<K, A> {
    const checked = checkedWindows(windows);
    return checked.kind === 'session'
      ? new SessionWindowedCogroupedKStream<K, A>(this.#inputs, checked)
      : new TimeWindowedCogroupedKStream<K, A>(this.#inputs, checked);
  }
}

/** A cogrouped stream in windows of time. */
export class TimeWindowedCogroupedKStream<K, A> {
  readonly #inputs: readonly AggregateInput[];
  readonly #windows: TimeWindows | SlidingWindows;

  /** @internal */
  constructor(inputs: readonly AggregateInput[], windows: TimeWindows | SlidingWindows) {
    this.#inputs = inputs;
    this.#windows = windows;
  }

  /** Folds the values of each key in each window into an aggregate. */
  aggregate(options: CogroupOptions<A> & CogroupWindowOptions): KTable<Windowed<K>, A> {
    const { name, initializer, value } = options;
    const added = addWindowAggregate(newAggregate(this.#inputs, name, value), this.#windows, options, initializer);
    return new KTable<Windowed<K>, A>(added.graph, added.node, { key: added.key as Serde<Windowed<K>>, value });
  }
}

/** A cogrouped stream in sessions. */
export class SessionWindowedCogroupedKStream<K, A> {
  readonly #inputs: readonly AggregateInput[];
  readonly #windows: SessionWindows;

  /** @internal */
  constructor(inputs: readonly AggregateInput[], windows: SessionWindows) {
    this.#inputs = inputs;
    this.#windows = windows;
  }

  /** Folds the values of each session into an aggregate; `merger` makes one of two sessions that turn out to be one. */
  aggregate(
    options: CogroupOptions<A> & CogroupWindowOptions & { readonly merger: (key: K, one: A, other: A) => A },
  ): KTable<Windowed<K>, A> {
    const { name, initializer, value, merger } = options;
    const made = newAggregate(this.#inputs, name, value);
    const added = addSessionAggregate(made, this.#windows, options, initializer, merger as never);
    return new KTable<Windowed<K>, A>(added.graph, added.node, { key: added.key as Serde<Windowed<K>>, value });
  }
}

function newAggregate<A>(inputs: readonly AggregateInput[], name: string, value: Serde<A>): NewAggregate {
  return { inputs, prefix: 'COGROUPKSTREAM-AGGREGATE', name, value: value as Serde<unknown> };
}
