import { type KStream, StreamsBuilder, stringSerde, type Topology, type Windowed } from 'headrace';
import { aggregated, groupedBy, groupedByKey, heldBack, windowed } from './aggregates.ts';
import { cogrouped } from './cogroups.ts';
import { mapper, parts, pre, predicate } from './functions.ts';
import { foreignKeyJoined, joined } from './joins.ts';
import { type Made, stream, streamIn, table, Unsupported } from './made.ts';
import type { Operator, Scenario } from './scenario.ts';
import { ticker } from './ticker.ts';
import { windowedKey } from './windows.ts';

type Text = string | null;
const strings = { key: stringSerde, value: stringSerde };

/** The topology of a scenario, built with nothing but the public index. */
export function topologyOf(scenario: Scenario): { readonly topology: Topology; readonly outputs: readonly string[] } {
  const interpreter = new Interpreter();
  for (const [index, operator] of scenario.topology.entries()) interpreter.add(operator, index);
  return { topology: interpreter.builder.build(), outputs: interpreter.outputs };
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
        return table(
          this.builder.table(operator.topic!, {
            ...strings,
            name: `t${id}`,
            ...(operator.historyMs === undefined ? {} : { historyMs: operator.historyMs }),
          }),
        );
      case 'globalTable':
        return {
          kind: 'globalTable',
          table: this.builder.globalTable(operator.topic!, { ...strings, name: `gt${id}` }),
        };
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
        return groupedByKey(this.#from(operator), id);
      case 'groupBy':
        return groupedBy(this.#from(operator), id);
      case 'window':
        return windowed(this.#from(operator), operator);
      case 'suppress':
        return heldBack(this.#from(operator), operator, id);
      case 'aggregate':
        return aggregated(this.#from(operator), operator.fn ?? '', id);
      case 'cogroup':
        return cogrouped(this.#from(operator), operator, (other) => this.#get(other));
      case 'join':
        return joined(operator, id, this.#from(operator), this.#get(operator.with!));
      case 'foreignKeyJoin':
        return foreignKeyJoined(operator, id, this.#from(operator), this.#get(operator.with!));
      case 'ticker':
        return ticker(this.#from(operator), operator, id);
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

  #split({ from, branches = [] }: Operator, id: string): void {
    const tests = branches.map((name, index) => [`b${index}`, predicate(name)] as const);
    const parted = streamIn(this.#get(from!)).stream.split(Object.fromEntries(tests) as never) as Record<
      string,
      KStream<string, string>
    >;
    for (const [index] of branches.entries()) this.#made.set(`${id}.${index}`, stream(parted[`b${index}`]!));
    this.#made.set(`${id}.rest`, stream(parted.rest!));
  }

  /** Any table or stream as a stream with keys that are text; the oracle maps those of every table, and so repartitions. */
  #asStream(made: Made): KStream<string, string> {
    if (made.kind !== 'table') return streamIn(made).stream;
    const changes = made.table.toStream();
    const { isWindowed } = made;
    return changes.map((key, value) => [isWindowed ? windowedKey(key as unknown as Windowed<string>) : key, value]);
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
