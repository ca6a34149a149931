import { deadLetterTopic } from '../../runtime/dead-letter.ts';
import { topicNamer } from '../../runtime/partitions.ts';
import { PLAN_STORE } from '../../runtime/stored-plan.ts';
import { FinalLog, recordsOf } from './final-log.ts';
import { type Reference, type ReferenceOutput, referenceOf } from './reference.ts';
import { ReferenceFailure } from './reference-task.ts';
import type { SimulationFailure, SimulationOptions } from './simulation-options.ts';
import { type Outcome, placeOf } from './world.ts';

/** What differs from one try of a record to the next. */
const NOT_COMPARED = new Set(['__streams.errors.stacktrace']);
const TEXT_MAX = 400;

/** Compares what stands at the end of a run with a run without faults, and with what else must hold. */
export function judge(options: SimulationOptions, outcome: Outcome): SimulationFailure | undefined {
  if (outcome.failure !== undefined) return outcome.failure;
  try {
    const references = new Map<string, Reference>();
    for (const application of options.applications) {
      const name = application.application;
      references.set(name, referenceOf(application, outcome.memory, outcome.journals.get(name)!));
    }
    return (
      differingOutput(
        options,
        outcome,
        [...references.values()].flatMap(({ outputs }) => outputs),
      ) ??
      differingState(outcome, references) ??
      differingTable(outcome) ??
      lostLetter(outcome) ??
      breachedInvariant(references) ??
      failedCheck(options, outcome)
    );
  } catch (error) {
    if (error instanceof ReferenceFailure) return error.failure;
    throw error;
  }
}

/** Everything but what producers sent must have been written by the run without faults, each record once. */
function differingOutput(
  options: SimulationOptions,
  { memory, sent }: Outcome,
  outputs: readonly ReferenceOutput[],
): SimulationFailure | undefined {
  const expectedIn = new Map<string, ReferenceOutput[]>();
  for (const output of outputs) {
    const place = `${output.partition} ${output.topic}`;
    expectedIn.set(place, [...(expectedIn.get(place) ?? []), output]);
  }
  for (const topic of writtenTopics(
    options,
    memory.configs().map(({ name }) => name),
  )) {
    for (const { partition } of memory.topic(topic)) {
      const actual = recordsOf(memory, topic, partition)
        .filter(({ offset }) => !sent.has(placeOf({ topic, partition, offset })))
        .map(textOf);
      const expected = (expectedIn.get(`${partition} ${topic}`) ?? []).map(({ task, records }) => ({
        task,
        records: records.map(textOf),
      }));
      const difference = differenceOf(actual, expected);
      if (difference !== undefined) return { kind: 'output differs', message: `${topic}-${partition}: ${difference}` };
    }
  }
  return undefined;
}

/** Ticks of silent tasks are the engine's own: they are what the run without faults is given. */
function writtenTopics({ applications }: SimulationOptions, existing: readonly string[]): readonly string[] {
  const written = new Set<string>();
  for (const { application, topology } of applications) {
    const nameOf = topicNamer(application);
    for (const { nodes, sources } of topology.plan.subTopologies) {
      for (const { topic } of sources) written.add(deadLetterTopic(nameOf(topic)));
      for (const node of nodes) if (node.kind === 'sink') written.add(nameOf(node.topic));
    }
  }
  return existing.filter((topic) => written.has(topic));
}

interface Text {
  readonly key: string;
  readonly all: string;
}

/** The records must be those of the tasks, and of one key those of a task in its order. */
function differenceOf(
  actual: readonly Text[],
  expected: readonly { readonly task: string; readonly records: readonly Text[] }[],
): string | undefined {
  const left = new Map<string, number>();
  for (const { records } of expected) for (const { all } of records) left.set(all, (left.get(all) ?? 0) + 1);
  for (const [index, { all }] of actual.entries()) {
    const count = left.get(all) ?? 0;
    if (count === 0)
      return `record ${index} is ${short(all)}, which a run without faults does not write${againIn(actual, index)}`;
    left.set(all, count - 1);
  }
  for (const [all, count] of left) {
    if (count > 0)
      return `${short(all)} is missing${count > 1 ? ` ${count} times` : ''}; a run without faults writes it`;
  }
  return differingOrder(actual, expected);
}

function againIn(actual: readonly Text[], index: number): string {
  return actual.findIndex(({ all }) => all === actual[index]!.all) < index ? ' a second time' : '';
}

function differingOrder(
  actual: readonly Text[],
  expected: readonly { readonly task: string; readonly records: readonly Text[] }[],
): string | undefined {
  const writersOf = new Map<string, Set<string>>();
  for (const { task, records } of expected) {
    for (const { key } of records) writersOf.set(key, (writersOf.get(key) ?? new Set()).add(task));
  }
  for (const { task, records } of expected) {
    const isAlone = (key: string) => writersOf.get(key)!.size === 1;
    const ofTask = records.filter(({ key }) => isAlone(key));
    const there = actual.filter(({ key }) => writersOf.get(key)!.has(task) && isAlone(key));
    for (const [index, { all }] of ofTask.entries()) {
      if (there[index]!.all === all) continue;
      return `${task} writes ${short(all)} as its record ${index}, there stands ${short(there[index]!.all)}`;
    }
  }
  return undefined;
}

function differingState(
  { memory }: Outcome,
  references: ReadonlyMap<string, Reference>,
): SimulationFailure | undefined {
  for (const [group, { state }] of references) {
    const expected = new Map<string, ReadonlyMap<string, Uint8Array | null>>(
      state.map(({ store, partition, entries }) => [`${partition} ${store}`, new Map(entries)] as const),
    );
    const places = new Set([
      ...expected.keys(),
      ...memory.storesOf(group).map(({ store, partition }) => `${partition} ${store}`),
    ]);
    for (const place of places) {
      const [partition, store] = [Number.parseInt(place, 10), place.slice(place.indexOf(' ') + 1)];
      if (store === PLAN_STORE) continue;
      const actual = memory.state(group, store, partition);
      const wanted = expected.get(place) ?? new Map<string, Uint8Array | null>();
      for (const key of new Set([...actual.keys(), ...wanted.keys()])) {
        const [is, shall] = [bytesText(actual.get(key) ?? null), bytesText(wanted.get(key) ?? null)];
        if (is === shall) continue;
        const what = `store ${store}, partition ${partition}, key ${bytesText(Buffer.from(key, 'latin1'))}`;
        return {
          kind: 'state differs',
          message: `${group}, ${what}: ${short(is)}, where a run without faults has ${short(shall)}`,
        };
      }
    }
  }
  return undefined;
}

function differingTable({ memory, table }: Outcome): SimulationFailure | undefined {
  if (table === undefined) return undefined;
  if (table.breaches.length > 0) return { kind: 'table differs', message: table.breaches[0]! };
  for (const topic of table.topics) {
    for (const { partition, watermarks } of memory.topic(topic)) {
      const offsets = table.offsetsOf(topic, partition);
      const wrong = offsets.findIndex((offset, i) => offset !== watermarks.start + i);
      const place = `${topic}-${partition}`;
      if (wrong >= 0) {
        const message = `the rows of ${place} go on with offset ${offsets[wrong]} where ${watermarks.start + wrong} should be`;
        return { kind: 'table differs', message };
      }
      if (watermarks.start + offsets.length === watermarks.end) continue;
      const message = `${place} has ${offsets.length} rows of ${watermarks.end - watermarks.start} records`;
      return { kind: 'table differs', message };
    }
  }
  return undefined;
}

/** What fails must not vanish: for each record that the simulation failed stands one dead letter of each application in which it did. */
function lostLetter({ memory, journals }: Outcome): SimulationFailure | undefined {
  const failures = new Map<string, { readonly topic: string; count: number }>();
  for (const { topic, partition, offset } of [...journals.values()].flatMap((journal) => journal.failed())) {
    const place = `offset ${offset} of ${topic}-${partition}`;
    failures.set(place, { topic, count: (failures.get(place)?.count ?? 0) + 1 });
  }
  for (const [place, { topic, count }] of failures) {
    const letters = new FinalLog(memory).records(deadLetterTopic(topic)).filter(({ headers }) => {
      const said = new Map(headers.map(([name, value]) => [name, Buffer.from(value ?? []).toString()]));
      const of = (name: string) => said.get(`__streams.errors.${name}`);
      return `offset ${of('offset')} of ${of('topic')}-${of('partition')}` === place;
    });
    if (letters.length === count) continue;
    const message = `${place} failed in ${count} applications, and has ${letters.length} dead letters`;
    return { kind: 'record not processed once', message };
  }
  return undefined;
}

/** Its records are dead letters in both runs. */
function breachedInvariant(references: ReadonlyMap<string, Reference>): SimulationFailure | undefined {
  for (const [application, { breaches }] of references) {
    const [breach] = breaches;
    if (breach === undefined) continue;
    const message = `${application} ${breach.task}: a record breaches ${breach.invariant}; its dead letter says how`;
    return { kind: 'invariant breached', message };
  }
  return undefined;
}

function failedCheck({ check }: SimulationOptions, { memory }: Outcome): SimulationFailure | undefined {
  const wrong = check?.(new FinalLog(memory));
  return wrong === undefined ? undefined : { kind: 'check failed', message: wrong };
}

function textOf({ timestamp, key, value, headers }: ReferenceOutput['records'][number]): Text {
  const told = headers
    .filter(([name]) => !NOT_COMPARED.has(name))
    .map(([name, bytes]) => `${name}: ${bytesText(bytes)}`);
  const all = `key ${bytesText(key)}, value ${bytesText(value)}, timestamp ${timestamp}${told.length > 0 ? `, headers ${told.join('; ')}` : ''}`;
  return { key: bytesText(key), all };
}

/** Text where it is some, else hexadecimal. */
function bytesText(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const text = Buffer.from(bytes).toString('latin1');
  return /^[\x20-\x7e]*$/.test(text) ? JSON.stringify(text) : `0x${Buffer.from(bytes).toString('hex')}`;
}

function short(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
}
