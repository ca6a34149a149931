import { branchFor, mismatch, unknownSymbols, writtenField } from './resolution.ts';
import type { AvroType, RecordType } from './schema.ts';

/** Why two versions of a schema don't go together: which field, and what happens. */
export interface Incompatibility {
  /** `backward`: the new version can't read what the old one wrote. `forward`: the other way round. */
  readonly direction: 'backward' | 'forward';
  /** Such as `postings[].amount`; empty for the value as a whole. */
  readonly path: string;
  readonly reason: string;
}

/**
 * Everything that breaks between two versions, both ways: what was written stays readable, and readers that are not
 * updated yet can read what is written from now on ("full" compatibility). The rules are the specification's; texts and
 * numbers must also keep their bounds, since a reader refuses what lies beyond its own.
 */
export function incompatibilities(older: AvroType, newer: AvroType): readonly Incompatibility[] {
  const told = (direction: Incompatibility['direction']) => (path: string, reason: string) =>
    found.push({ direction, path, reason });
  const found: Incompatibility[] = [];
  compare(older, newer, '', told('backward'), new Set());
  compare(newer, older, '', told('forward'), new Set());
  return found;
}

/** The message names the path and the reason, one a line. */
export function shownIncompatibility({ direction, path, reason }: Incompatibility): string {
  const who =
    direction === 'backward' ? 'what was written before' : 'for readers of the old version, what is written now';
  return `${path === '' ? 'the value' : path}: ${reason} (${who})`;
}

type Tell = (path: string, reason: string) => void;

function compare(writer: AvroType, reader: AvroType, path: string, tell: Tell, seen: Set<string>): void {
  if (writer.kind === 'union') {
    for (const branch of writer.branches) compare(branch, reader, path, tell, seen);
    return;
  }
  if (reader.kind === 'union') {
    const branch = branchFor(writer, reader.branches);
    if (branch !== undefined) compare(writer, branch, path, tell, seen);
    else tell(path, `no branch of the union takes ${writer.kind}${closest(writer, reader.branches)}`);
    return;
  }
  const reason = mismatch(writer, reader);
  if (reason !== undefined) tell(path, reason);
  else compareWithin(writer, reader, path, tell, seen);
}

function compareWithin(writer: AvroType, reader: AvroType, path: string, tell: Tell, seen: Set<string>): void {
  if (writer.kind === 'record' && reader.kind === 'record') {
    // A type that holds itself is compared once.
    const pair = `${writer.name} ${reader.name}`;
    if (seen.has(pair)) return;
    compareFields(writer, reader, path, tell, new Set(seen).add(pair));
  } else if (writer.kind === 'enum' && reader.kind === 'enum') {
    const unknown = unknownSymbols(writer, reader);
    if (unknown.length > 0) tell(path, `the symbol ${unknown.join(', ')} is not known, and there is no default`);
    if (writer.logicalType !== reader.logicalType) tell(path, 'the logical type differs');
  } else if (writer.kind === 'array' && reader.kind === 'array') {
    compare(writer.items, reader.items, `${path}[]`, tell, seen);
  } else if (writer.kind === 'map' && reader.kind === 'map') {
    compare(writer.values, reader.values, `${path}[]`, tell, seen);
  } else {
    compareBounds(writer, reader, path, tell);
  }
}

function compareFields(writer: RecordType, reader: RecordType, path: string, tell: Tell, seen: Set<string>): void {
  const prefix = path === '' ? '' : `${path}.`;
  for (const field of reader.fields) {
    const written = writtenField(field, writer);
    if (written !== undefined) compare(written.type, field.type, `${prefix}${field.name}`, tell, seen);
    else if (field.defaultValue === undefined)
      tell(`${prefix}${field.name}`, 'the field is missing, and it has no default');
  }
}

function compareBounds(writer: AvroType, reader: AvroType, path: string, tell: Tell): void {
  if (!('maxLength' in writer) || !('maxLength' in reader)) return;
  const lengths = [writer.maxLength ?? Number.POSITIVE_INFINITY, reader.maxLength ?? Number.POSITIVE_INFINITY] as const;
  if (lengths[0] > lengths[1]) tell(path, `the text may be longer than the ${lengths[1]} characters that are allowed`);
  const least = [writer.minimum ?? Number.NEGATIVE_INFINITY, reader.minimum ?? Number.NEGATIVE_INFINITY] as const;
  if (least[0] < least[1]) tell(path, `the number may be less than the ${least[1]} that is allowed`);
  if ((writer.precision ?? 0) > (reader.precision ?? 0))
    tell(path, 'the decimal may have more digits than are allowed');
  // A text without a rule may hold what the rule of the other refuses.
  if (reader.logicalType !== undefined && writer.logicalType !== reader.logicalType) {
    tell(path, `the text need not be ${reader.logicalType}`);
  }
}

function closest(writer: AvroType, branches: readonly AvroType[]): string {
  const same = branches.find(({ kind }) => kind === writer.kind);
  return same === undefined ? '' : `: ${mismatch(writer, same)}`;
}
