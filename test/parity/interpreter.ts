import {
  type KStream,
  type KTable,
  keyValueStore,
  type ProcessorContext,
  StreamsBuilder,
  stringSerde,
  type Topology,
  type Windowed,
} from 'headrace';
import { TopologyTestDriver } from 'headrace/testing';
import { add, firstCharacter, foreignKey, mapper, parts, pre, predicate, subtract } from './functions.ts';
import { type Made, stream, streamIn, table, Unsupported, windowedTable } from './made.ts';
import type { Emitted, Operator, Scenario } from './scenario.ts';
import { suppressed, windowedAggregate, windowedKey } from './windows.ts';

type Text = string | null;
const strings = { key: stringSerde, value: stringSerde };

/** The topology of a scenario, built with nothing but the public index. */
export function topologyOf(scenario: Scenario): { readonly topology: Topology; readonly outputs: readonly string[] } {
  const interpreter = new Interpreter();
  for (const [index, operator] of scenario.topology.entries()) interpreter.add(operator, index);
  return { topology: interpreter.builder.build(), outputs: interpreter.outputs };
}

export interface RunOptions {
  /** Crashes before the commit after so many records, so that they are processed again. */
  readonly crashEvery?: number;
}

/** Runs a scenario on the driver and returns what came out, in order. */
export function run(scenario: Scenario, { crashEvery }: RunOptions = {}): readonly Emitted[] {
  const { topology, outputs } = topologyOf(scenario);
  const commit = crashEvery === undefined ? 'each' : 'manual';
  const driver = new TopologyTestDriver(topology, { startTimeMs: 0, commit });
  const emitted: Emitted[] = [];
  const readers = outputs.map((topic) => [topic, driver.outputTopic(topic, strings)] as const);
  let steps = 0;
  for (const step of scenario.input) {
    if ('advanceWallClockMs' in step) driver.advanceTime(step.advanceWallClockMs);
    else driver.inputTopic(step.topic, strings).pipe(step.key, step.value, { timestamp: step.ts });
    if (crashEvery !== undefined) {
      if (++steps % crashEvery === 0) driver.crash();
      // After each record: a replay of several would take those of different topics in the order of time, not of arrival.
      driver.commit();
    }
    for (const [topic, reader] of readers) {
      for (const { key, value, timestamp } of reader.readAll()) emitted.push({ topic, key, value, ts: timestamp });
    }
  }
  driver.commit();
  for (const [topic, reader] of readers) {
    for (const { key, value, timestamp } of reader.readAll()) emitted.push({ topic, key, value, ts: timestamp });
  }
  return emitted;
}

class Interpreter {
  readonly builder = new StreamsBuilder();
  readonly #made = new Map<string, Made>();
  readonly #outputs = new Set<string>();

  get outputs(): readonly string[] {
    return [...this.#outputs];
  }

  add(operator: Operator, index: number): void {
    const id = operator.id ?? `n${index}`;
    switch (operator.op) {
      case 'to':
        this.#outputs.add(operator.topic!);
        this.#asStream(this.#from(operator)).to(operator.topic!, strings);
        return;
      case 'split':
        this.#split(operator, id);
        return;
      default:
        this.#made.set(id, this.#make(operator, id));
    }
  }

  #make(operator: Operator, id: string): Made {
    switch (operator.op) {
      case 'stream':
        return stream(this.builder.stream(operator.topic!, strings));
      case 'table':
        if (operator.historyMs !== undefined) throw new Unsupported('versioned table');
        return table(this.builder.table(operator.topic!, { ...strings, name: `t${id}` }));
      case 'filter':
      case 'filterNot':
        return this.#filter(operator);
      case 'mapValues':
        return this.#mapValues(operator);
      case 'selectKey':
        return stream(
          this.#stream(operator).selectKey((_key, value: Text) => pre(value) as string, { key: stringSerde }),
        );
      case 'flatMapValues':
        return stream(this.#stream(operator).flatMapValues((value: Text) => (value === null ? [] : parts(value))));
      case 'merge':
        return stream(this.#stream(operator).merge(this.#streamOf(operator.with!)));
      case 'toTable':
        return table(this.#stream(operator).toTable({ ...strings, name: `tt${id}` }));
      case 'toStream':
        return stream(this.#asStream(this.#from(operator)));
      case 'groupByKey':
        return { kind: 'groupedStream', grouped: this.#stream(operator).groupByKey({ ...strings, name: `g${id}` }) };
      case 'groupBy':
        return this.#groupBy(operator, id);
      case 'window': {
        const source = this.#from(operator);
        if (source.kind !== 'groupedStream') throw new Unsupported(`windows of a ${source.kind}`);
        return { kind: 'windows', grouped: source.grouped, windows: operator };
      }
      case 'suppress':
        return this.#suppress(operator, id);
      case 'aggregate':
        return this.#aggregate(operator, id);
      case 'join':
        return this.#join(operator, id);
      case 'foreignKeyJoin':
        return this.#foreignKeyJoin(operator, id);
      case 'ticker':
        return this.#ticker(operator, id);
      default:
        throw new Unsupported(`operator ${operator.op}`);
    }
  }

  #filter({ op, fn, from }: Operator): Made {
    const test = predicate(fn!) as (key: string, value: string) => boolean;
    const source = this.#get(from!);
    const keeps = op === 'filter';
    if (source.kind === 'table') {
      return table(keeps ? source.table.filter(test) : source.table.filterNot(test), source.isWindowed);
    }
    const { stream: records } = streamIn(source);
    return stream(keeps ? records.filter(test) : records.filterNot(test));
  }

  #mapValues({ fn, from }: Operator): Made {
    const map = mapper(fn!) as (value: string) => string;
    const source = this.#get(from!);
    return source.kind === 'table'
      ? table(
          source.table.mapValues((value) => map(value)),
          source.isWindowed,
        )
      : stream(streamIn(source).stream.mapValues((value) => map(value)));
  }

  #groupBy({ from }: Operator, id: string): Made {
    const source = this.#get(from!);
    if (source.kind === 'table') {
      const grouped = source.table.groupBy((_key, value) => [firstCharacter(value), value], {
        ...strings,
        name: `g${id}`,
      });
      return { kind: 'groupedTable', grouped };
    }
    const grouped = streamIn(source).stream.groupBy((_key, value) => firstCharacter(value), {
      ...strings,
      name: `g${id}`,
    });
    return { kind: 'groupedStream', grouped };
  }

  #aggregate({ from, fn = '' }: Operator, id: string): Made {
    const source = this.#get(from!);
    const name = `s${id}`;
    if (source.kind === 'windows') return windowedTable(windowedAggregate(source.grouped, source.windows, fn, name));
    if (source.kind === 'groupedStream') {
      if (fn === 'reduce') return table(source.grouped.reduce({ name, reducer: (all, value) => `${all}|${value}` }));
      const aggregator = (_key: string, value: string, all: string) => add(fn, value, all);
      return table(source.grouped.aggregate({ name, initializer: () => '', aggregator, value: stringSerde }));
    }
    if (source.kind === 'groupedTable') {
      if (fn === 'reduce') {
        const adder = (all: string, value: string) => `${all}|${value}`;
        const subtractor = (all: string, value: string) => `${all}~${value}`;
        return table(source.grouped.reduce({ name, adder, subtractor }));
      }
      return table(
        source.grouped.aggregate({
          name,
          initializer: () => (fn === 'concat' ? '' : '0'),
          adder: (_key, value, all) => add(fn, value, all),
          subtractor: (_key, value, all) => subtract(fn, value, all),
          value: stringSerde,
        }),
      );
    }
    throw new Unsupported(`aggregate of a ${source.kind}`);
  }

  #suppress(operator: Operator, id: string): Made {
    const source = this.#from(operator);
    if (source.kind !== 'table') throw new Unsupported(`suppress of a ${source.kind}`);
    const windowed = source.table as unknown as KTable<Windowed<string>, string>;
    const made = suppressed(windowed, operator, `x${id}`);
    return table(made as unknown as KTable<string, string>, source.isWindowed);
  }

  #join({ kind, from, with: other, ...options }: Operator, id: string): Made {
    const [left, right] = [this.#get(from!), this.#get(other!)];
    const joiner = (one: Text, two: Text) => `${one}+${two}`;
    if (left.kind === 'table' && right.kind === 'table') {
      switch (kind) {
        case 'inner':
          return table(left.table.join(right.table, joiner), left.isWindowed);
        case 'left':
          return table(left.table.leftJoin(right.table, joiner), left.isWindowed);
        default:
          return table(left.table.outerJoin(right.table, joiner), left.isWindowed);
      }
    }
    if (left.kind === 'stream' && right.kind === 'table') {
      if (options.graceMs !== undefined) throw new Unsupported('join with grace');
      const joined = { ...strings, name: `j${id}` };
      return kind === 'inner'
        ? stream(left.stream.join(right.table, joiner, joined))
        : stream(left.stream.leftJoin(right.table, joiner, joined));
    }
    throw new Unsupported(`join of ${left.kind} and ${right.kind}`);
  }

  /** Passes records on, and says at each punctuation how many it has seen. */
  #ticker(operator: Operator, id: string): Made {
    const seen = keyValueStore({ name: `seen-${id}`, key: stringSerde, value: stringSerde });
    const type = operator.kind === 'stream' ? 'stream-time' : 'wall-clock';
    return stream(
      this.#stream(operator).process({
        ...strings,
        name: `k${id}`,
        stores: { seen },
        processor: (context: ProcessorContext<{ seen: typeof seen }, string, string>) => {
          const count = () => Number(context.stores.seen.get('count') ?? '0');
          context.schedule({ everyMs: operator.everyMs!, type }, (at) => context.forward('tick', `${at}:${count()}`));
          return (key, value) => {
            context.stores.seen.put('count', String(count() + 1));
            context.forward(key, value);
          };
        },
      }),
    );
  }

  #foreignKeyJoin({ kind, from, with: other }: Operator, id: string): Made {
    const [left, right] = [this.#get(from!), this.#get(other!)];
    if (left.kind !== 'table' || right.kind !== 'table') throw new Unsupported('foreign-key join of what is no table');
    const options = { name: `fk${id}`, value: stringSerde, left: strings };
    return kind === 'inner'
      ? table(left.table.joinOnForeignKey(right.table, foreignKey, (one, two) => `${one}+${two}`, options))
      : table(left.table.leftJoinOnForeignKey(right.table, foreignKey, (one, two) => `${one}+${two}`, options));
  }

  #split({ from, branches = [] }: Operator, id: string): void {
    const tests = branches.map((name, index) => [`b${index}`, predicate(name)] as const);
    const parted = streamIn(this.#get(from!)).stream.split(Object.fromEntries(tests) as never) as Record<
      string,
      KStream<string, string>
    >;
    for (const [index] of branches.entries()) this.#made.set(`${id}.${index}`, stream(parted[`b${index}`]!));
    this.#made.set(`${id}.rest`, stream(parted.rest!));
  }

  /** Any table or stream as a stream with keys that are text. */
  #asStream(made: Made): KStream<string, string> {
    if (made.kind !== 'table') return streamIn(made).stream;
    const changes = made.table.toStream();
    if (!made.isWindowed) return changes;
    return changes.map((key, value) => [windowedKey(key as unknown as Windowed<string>), value]);
  }

  #stream({ from }: Operator): KStream<string, string> {
    return this.#streamOf(from!);
  }

  #streamOf(id: string): KStream<string, string> {
    return streamIn(this.#get(id)).stream;
  }

  #from({ from }: Operator): Made {
    return this.#get(from!);
  }

  #get(id: string): Made {
    const made = this.#made.get(id);
    if (made === undefined) throw new RangeError(`no operator has the id ${id}`);
    return made;
  }
}
