import { HeadraceError } from '../../../errors.ts';
import type { AskedLookup, LookupResult, StateLookup, UnitAnswer, UnitQuestion } from './question.ts';

const VERSION = 1;
/** Units of one question. */
const UNITS_MAX = 1_024;

export interface WireQuestion {
  readonly group: string;
  readonly units: readonly UnitQuestion[];
}

/** The owner does not answer for this unit, and why. */
export interface Refusal {
  readonly refused: string;
}

/** JSON: keys are binary strings and stand in it as they are, values in base64. */
export function encodeQuestion(question: WireQuestion): Uint8Array {
  return Buffer.from(JSON.stringify({ version: VERSION, ...question }));
}

/** Throws INPUT_INVALID for what is none. */
export function decodeQuestion(bytes: Uint8Array): WireQuestion {
  const { group, units } = decoded(bytes, 'question') as Partial<WireQuestion>;
  const isWhole =
    typeof group === 'string' && Array.isArray(units) && units.length <= UNITS_MAX && units.every(isQuestion);
  if (!isWhole) throw invalid('question');
  return { group, units };
}

function isQuestion(given: UnitQuestion | null): boolean {
  const { unit, version, lookups }: Partial<UnitQuestion> = given ?? {};
  return (
    typeof unit?.topic === 'string' &&
    Number.isSafeInteger(unit?.partition) &&
    (version === undefined || typeof version === 'string') &&
    Array.isArray(lookups) &&
    lookups.every(isLookup)
  );
}

function isLookup(asked: AskedLookup | null): boolean {
  const { lookup, after, moreBytes, allBytes }: Partial<AskedLookup> = asked ?? {};
  const isText = (value: unknown) => value === undefined || typeof value === 'string';
  if (!isText(after) || !Number.isFinite(moreBytes) || !Number.isFinite(allBytes)) return false;
  if (typeof lookup?.store !== 'string') return false;
  const given = lookup as Partial<Record<string, unknown>> & Pick<StateLookup, 'kind'>;
  if (given.kind === 'get') return typeof given.key === 'string';
  return given.kind === 'range' && isText(given.from) && isText(given.to) && typeof given.isReversed === 'boolean';
}

type WireResult =
  | null
  | { readonly value: string | null }
  | { readonly entries: readonly (readonly [string, string])[]; readonly isWhole: boolean };

export function encodeAnswers(answers: readonly (UnitAnswer | Refusal)[]): Uint8Array {
  const wire = answers.map((answer) =>
    'refused' in answer ? answer : { ...answer, results: answer.results.map(resultToWire) },
  );
  return Buffer.from(JSON.stringify({ version: VERSION, answers: wire }));
}

/** Of a process that has the endpoint's token: believed but for its form. Throws INPUT_INVALID. */
export function decodeAnswers(bytes: Uint8Array): readonly (UnitAnswer | Refusal)[] {
  const { answers } = decoded(bytes, 'answer') as { readonly answers?: readonly unknown[] };
  if (!Array.isArray(answers)) throw invalid('answer');
  return answers.map((each: Refusal | (UnitAnswer & { readonly results: readonly WireResult[] })) => {
    if ('refused' in each) return each;
    return { ...each, results: (each.results as readonly WireResult[]).map(resultFromWire) };
  });
}

function resultToWire(result: LookupResult | null): WireResult {
  if (result === null) return null;
  if (result.kind === 'get') return { value: result.value === undefined ? null : base64(result.value) };
  return { entries: result.entries.map(([key, value]) => [key, base64(value)]), isWhole: result.isWhole };
}

function resultFromWire(result: WireResult): LookupResult | null {
  if (result === null) return null;
  if ('value' in result) {
    return { kind: 'get', value: result.value === null ? undefined : Buffer.from(result.value, 'base64') };
  }
  const entries = result.entries.map(([key, value]) => [key, Buffer.from(value, 'base64')] as const);
  return { kind: 'range', entries, isWhole: result.isWhole };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function decoded(bytes: Uint8Array, what: string): object {
  let content: { readonly version?: unknown } | null = null;
  try {
    content = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    // Told below.
  }
  if (content?.version === VERSION) return content;
  throw invalid(what);
}

function invalid(what: string): HeadraceError {
  return new HeadraceError(
    'INPUT_INVALID',
    `The ${what} about state is not of this release: instances of one application run the same one, or one beside it`,
  );
}
