import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * A scenario as the oracle reads it; README.md has the language. Beyond that: `cogroup` makes of a grouped stream a cogrouped one, and
 * adds the one named by `with` where `from` is cogrouped already; `fn` is how its values are added (count, lengths or concat).
 * `window` (without `emit`) and `aggregate` take it; there `fn` says how two sessions become one.
 */
export interface Scenario {
  readonly name: string;
  readonly topology: readonly Operator[];
  readonly input: readonly Step[];
  /** What Kafka Streams emitted. */
  readonly expected: readonly Emitted[];
  /** Into how many partitions the input was split for `expected`; without it one. */
  readonly partitions?: number;
}

export interface Operator {
  readonly op: string;
  readonly id?: string;
  readonly from?: string;
  readonly with?: string;
  readonly topic?: string;
  readonly fn?: string;
  readonly kind?: string;
  readonly emit?: string;
  readonly branches?: readonly string[];
  readonly [milliseconds: `${string}Ms`]: number | undefined;
  readonly ms?: number;
  readonly maxRecords?: number;
}

export type Step = InputRecord | { readonly advanceWallClockMs: number };

export interface InputRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly ts: number;
}

export interface Emitted {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly ts: number;
}

/** A file that is no scenario. */
export interface Unreadable {
  readonly name: string;
  readonly problem: string;
}

/** Whether a kill changes nothing: a punctuation by the wall clock begins anew with the process, as in Kafka Streams. */
export function survivesCrashes({ topology }: Scenario): boolean {
  return !topology.some(({ op, kind }) => op === 'ticker' && kind === 'wall');
}

/** All scenarios of a directory, by their files' names. Throws where a file is none. */
export function readScenarios(directory: string): readonly Scenario[] {
  return scenarioFiles(directory).map((file) => {
    const scenario = readScenario(file);
    if ('problem' in scenario) throw new RangeError(`${scenario.name}: ${scenario.problem}`);
    return scenario;
  });
}

/** The JSON files of a directory in order, or the one file that it is. Throws where there is no such directory. */
export function scenarioFiles(path: string): readonly string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => join(path, file));
}

/** What a file holds, or what is wrong with it. */
export function readScenario(file: string): Scenario | Unreadable {
  const name = basename(file, '.json');
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    return { name, problem: `it is not JSON: ${(error as Error).message}` };
  }
  const problem = problemOf(read);
  return problem === undefined ? { ...(read as Scenario), name } : { name, problem: `it is no scenario: ${problem}` };
}

function problemOf(read: unknown): string | undefined {
  if (!isObject(read)) return 'it is not an object';
  for (const field of ['topology', 'input', 'expected']) {
    const list = read[field];
    if (!Array.isArray(list)) return `${field} is not a list`;
    const at = list.findIndex((each) => !isObject(each));
    if (at >= 0) return `${field}[${at}] is not an object`;
  }
  const [topology, input, expected] = ['topology', 'input', 'expected'].map(
    (field) => read[field] as readonly Readonly<Record<string, unknown>>[],
  );
  const nameless = topology!.findIndex(({ op }) => typeof op !== 'string');
  if (nameless >= 0) return `topology[${nameless}] has no op`;
  const odd = input!.findIndex((step) => typeof step.advanceWallClockMs !== 'number' && !isRecord(step));
  if (odd >= 0) return `input[${odd}] has no topic, key, value and ts`;
  const wrong = expected!.findIndex((record) => !isRecord(record));
  return wrong < 0 ? undefined : `expected[${wrong}] has no topic, key, value and ts`;
}

function isRecord({ topic, key, value, ts }: Readonly<Record<string, unknown>>): boolean {
  return typeof topic === 'string' && typeof ts === 'number' && isText(key) && isText(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' || value === null || value === undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
