import type { RepartitionJson } from '../plan-json.ts';
import type { PlanDifference } from './plan-difference.ts';
import { matched, type PlanIndex } from './plan-index.ts';
import { changedSerdes } from './setting-differences.ts';

const DRAIN = 'records under way in it would be lost: let the application drain it first';

/** Repartition topics: what is under way in one that nobody reads any more is lost. */
export function repartitionDifferences(before: PlanIndex, after: PlanIndex): readonly PlanDifference[] {
  const of = ({ plan }: PlanIndex) => new Map(plan.repartitionTopics.map((topic) => [topic.name, topic]));
  const [old, now] = [of(before), of(after)];
  // Which side an index stands for is told by the topic, since names are unique within one.
  const placeOf = (topic: RepartitionJson) => placeOfTopic(old.get(topic.name) === topic ? before : after, topic.name);
  const { kept, renamed, removed, added } = matched(old, now, placeOf);
  const lost = (name: string, what: string): PlanDifference => ({
    effect: 'loses',
    about: 'repartition topic',
    name,
    message: `repartition topic ${name} ${what}: ${DRAIN}`,
    untilDrained: true,
  });
  return [
    ...renamed.map(([from, to]) => lost(from, `looks renamed to ${to}`)),
    ...removed.map((name) => lost(name, 'is removed')),
    ...added.map((name) => ({
      effect: 'changes' as const,
      about: 'repartition topic' as const,
      name,
      message: `repartition topic ${name} is added: state behind it stays in the partitions where it is, and records come by their new keys`,
    })),
    ...kept.flatMap(([name, from, to]) => [
      ...partitionDifferences(name, from, to),
      ...changedSerdes(from.serdes, to.serdes).map(({ serde, from: written, to: read }) =>
        lost(
          name,
          `: its ${serde} was written by ${written ?? 'a serde without a name'} and would be read by ${read ?? 'a serde without a name'}`,
        ),
      ),
    ]),
  ];
}

/** Topics that the application reads and writes besides. */
export function topicDifferences(before: PlanIndex, after: PlanIndex): readonly PlanDifference[] {
  const [read, reads] = [sourcesOf(before), sourcesOf(after)];
  const [written, writes] = [writtenBy(before), writtenBy(after)];
  const minus = (left: Iterable<string>, right: { has(name: string): boolean }) =>
    [...left].filter((name) => !right.has(name));
  const of =
    (about: 'source topic' | 'sink topic', effect: 'changes' | 'harmless', rest: string) => (name: string) => ({
      effect,
      about,
      name,
      message: `${about.replace('source ', '').replace('sink ', '')} ${name}${rest.startsWith(':') ? '' : ' '}${rest}`,
    });
  const retyped = [...read].flatMap(([name, serdes]) =>
    changedSerdes(serdes, reads.get(name) ?? serdes).map(({ serde, from, to }) =>
      of(
        'source topic',
        'harmless',
        `: its ${serde} is read by ${to ?? 'a serde without a name'} rather than ${from ?? 'one'}`,
      )(name),
    ),
  );
  return [
    ...minus(read.keys(), reads).map(
      of('source topic', 'changes', 'is not read any more: what is not processed of it stays so, and its offsets stay'),
    ),
    ...minus(reads.keys(), read).map(of('source topic', 'harmless', 'is read as well, from its beginning')),
    ...retyped,
    ...minus(written, writes).map(of('sink topic', 'harmless', 'is not written to any more')),
    ...minus(writes, written).map(of('sink topic', 'harmless', 'is written to as well')),
  ];
}

function partitionDifferences(name: string, from: RepartitionJson, to: RepartitionJson): readonly PlanDifference[] {
  if (from.partitions === to.partitions) return [];
  const shown = (count: number | null) =>
    count === null ? 'as many partitions as its sources' : `${count} partitions`;
  const message = `repartition topic ${name} has ${shown(from.partitions)} and would have ${shown(to.partitions)}: a topic keeps the number that it was made with, and keys would part from their state; give it another name, and drain the old one first`;
  return [{ effect: 'loses', about: 'repartition topic', name, message }];
}

/** What writes to it, and what reads it: the kinds, the stores behind it, and the topics above it. */
function placeOfTopic(index: PlanIndex, topic: string): string {
  const operators = [...index.operators.values()];
  const sinks = operators.filter((each) => each.kind === 'sink' && each.topic === topic);
  const source = operators.find((each) => each.kind === 'source' && each.topic === topic);
  const children = operators.filter(({ parents }) => source !== undefined && parents.includes(source.name));
  return JSON.stringify([
    sinks.flatMap(({ name }) => index.topicsAbove(name)),
    sinks.flatMap(({ parents }) => parents.map((parent) => index.operators.get(parent)?.kind)),
    children.map(({ kind }) => kind),
  ]);
}

function sourcesOf({ plan, operators }: PlanIndex): ReadonlyMap<string, Readonly<Record<string, string | null>>> {
  const internal = new Set(plan.repartitionTopics.map(({ name }) => name));
  return new Map(
    [...operators.values()].flatMap(({ kind, topic = '', serdes }) =>
      kind === 'source' && !internal.has(topic) ? [[topic, serdes] as const] : [],
    ),
  );
}

function writtenBy({ plan }: PlanIndex): ReadonlySet<string> {
  const internal = new Set(plan.repartitionTopics.map(({ name }) => name));
  return new Set(plan.subTopologies.flatMap(({ writes }) => writes).filter((name) => !internal.has(name)));
}
