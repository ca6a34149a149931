import { countSerde } from '../serde/count.ts';
import type { Serde } from '../serde/serde.ts';
import { addWindowAggregate } from './add-aggregate.ts';
import type { AggregateOptions } from './grouped.ts';
import { addLate, type LateOptions } from './late-records.ts';
import { KTable } from './table.ts';
import type { Aggregator } from './topology/nodes.ts';
import { type GroupedInput, reducedValue, type WindowedOptions } from './windowed-options.ts';
import type { SlidingWindows, TimeWindows, Windowed } from './windows.ts';

/**
 * A stream grouped by its key and by windows of time. Records with a null key are skipped, and so are those that come after
 * their window has closed. A null value goes to the functions, as in Kafka Streams, but not in sliding windows: they skip it.
 */
export class TimeWindowedKStream<K, V> {
  readonly #input: GroupedInput<K, V>;
  readonly #windows: TimeWindows | SlidingWindows;

  /** @internal */
  constructor(input: GroupedInput<K, V>, windows: TimeWindows | SlidingWindows) {
    this.#input = input;
    this.#windows = windows;
  }

  /** The number of records of each key in each window. */
  count(options: WindowedOptions & LateOptions<K, V>): KTable<Windowed<K>, number> {
    const counted = (_key: K, _value: V, count: number) => count + 1;
    return this.#aggregate('KSTREAM-AGGREGATE', options, () => 0, counted as never, countSerde);
  }

  /** Combines the values of each key in each window; the first one is taken as it is. */
  reduce(
    options: WindowedOptions & LateOptions<K, V> & { readonly reducer: (aggregate: V, value: V) => V | null },
  ): KTable<Windowed<K>, V> {
    const reduced = (_key: K, value: V, aggregate: V | null) =>
      aggregate === null ? value : options.reducer(aggregate, value);
    const value = reducedValue(this.#input, options.name);
    return this.#aggregate('KSTREAM-REDUCE', options, () => null, reduced as never, value);
  }

  /** Folds the values of each key in each window into an aggregate. */
  aggregate<A>(options: AggregateOptions<K, V, A> & WindowedOptions & LateOptions<K, V>): KTable<Windowed<K>, A> {
    const { initializer, aggregator, value } = options;
    return this.#aggregate('KSTREAM-AGGREGATE', options, initializer, aggregator as never, value);
  }

  #aggregate<A>(
    prefix: string,
    options: WindowedOptions & LateOptions<K, V>,
    initializer: () => unknown,
    aggregator: Aggregator,
    value: Serde<A>,
  ): KTable<Windowed<K>, A> {
    const inputs = [{ input: this.#input as GroupedInput<unknown, unknown>, aggregator }];
    const made = { inputs, prefix, name: options.name, value: value as Serde<unknown> };
    const { graph, node, key } = addWindowAggregate(made, this.#windows, options, initializer);
    addLate(this.#input, node, options);
    return new KTable<Windowed<K>, A>(graph, node, { key: key as Serde<Windowed<K>>, value });
  }
}
