import { countSerde } from '../serde/count.ts';
import type { Serde } from '../serde/serde.ts';
import { addSessionAggregate } from './add-aggregate.ts';
import type { AggregateOptions } from './grouped.ts';
import { addLate, type LateOptions } from './late-records.ts';
import { KTable } from './table.ts';
import type { Aggregator } from './topology/nodes.ts';
import { type GroupedInput, reducedValue, type WindowedOptions } from './windowed-options.ts';
import type { SessionWindows, Windowed } from './windows.ts';

export interface SessionAggregateOptions<K, V, A>
  extends AggregateOptions<K, V, A>,
    WindowedOptions,
    LateOptions<K, V> {
  /** Makes one aggregate of two, where a record joins two sessions; `one` may be a fresh aggregate of the initializer. */
  readonly merger: (key: K, one: A, other: A) => A;
}

/**
 * A stream grouped by its key and by sessions. When a record merges sessions, their rows are deleted (null) and the merged
 * one is sent. Records with a null key are skipped, and so are those whose session has closed; null values go to the functions.
 */
export class SessionWindowedKStream<K, V> {
  readonly #input: GroupedInput<K, V>;
  readonly #windows: SessionWindows;

  /** @internal */
  constructor(input: GroupedInput<K, V>, windows: SessionWindows) {
    this.#input = input;
    this.#windows = windows;
  }

  /** The number of records of each session. */
  count(options: WindowedOptions & LateOptions<K, V>): KTable<Windowed<K>, number> {
    return this.aggregate({
      ...options,
      initializer: () => 0,
      aggregator: (_key, _value, count) => count + 1,
      merger: (_key, one, other) => one + other,
      value: countSerde,
    });
  }

  /** Combines the values of each session; the first one is taken as it is. Merged sessions are combined in the same way. */
  reduce(
    options: WindowedOptions & LateOptions<K, V> & { readonly reducer: (aggregate: V, value: V) => V | null },
  ): KTable<Windowed<K>, V> {
    const combined = (aggregate: V | null, value: V) =>
      aggregate === null ? value : options.reducer(aggregate, value);
    const aggregator = (_key: K, value: V, aggregate: V | null) => combined(aggregate, value);
    const merger = (_key: K, one: V | null, other: V) => combined(one, other);
    const value = reducedValue(this.#input, options.name);
    return this.#aggregate('KSTREAM-REDUCE', options, () => null, aggregator as never, merger as never, value);
  }

  /** Folds the values of each session into an aggregate. */
  aggregate<A>(options: SessionAggregateOptions<K, V, A>): KTable<Windowed<K>, A> {
    const { initializer, aggregator, merger, value } = options;
    return this.#aggregate('KSTREAM-AGGREGATE', options, initializer, aggregator as never, merger as never, value);
  }

  #aggregate<A>(
    prefix: string,
    options: WindowedOptions & LateOptions<K, V>,
    initializer: () => unknown,
    aggregator: Aggregator,
    merger: (key: unknown, one: unknown, other: unknown) => unknown,
    value: Serde<A>,
  ): KTable<Windowed<K>, A> {
    const inputs = [{ input: this.#input as GroupedInput<unknown, unknown>, aggregator }];
    const made = { inputs, prefix, name: options.name, value: value as Serde<unknown> };
    const { graph, node, key } = addSessionAggregate(made, this.#windows, options, initializer, merger);
    addLate(this.#input, node, options);
    return new KTable<Windowed<K>, A>(graph, node, { key: key as Serde<Windowed<K>>, value });
  }
}
