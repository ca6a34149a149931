import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A scenario as the oracle reads it; README.md has the language. */
export interface Scenario {
  readonly name: string;
  readonly topology: readonly Operator[];
  readonly input: readonly Step[];
  /** What Kafka Streams emitted. */
  readonly expected: readonly Emitted[];
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

/** All scenarios of a directory, by their files' names. */
export function readScenarios(directory: string): readonly Scenario[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      ...(JSON.parse(readFileSync(join(directory, file), 'utf8')) as Scenario),
      name: basename(file, '.json'),
    }));
}
