import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RegisteredSchema, Registration } from '../../serde/avro/file-registry.ts';
import { parseSchema } from '../../serde/avro/parse-schema.ts';
import { type AvroType, schemaInvalid } from '../../serde/avro/schema.ts';

/** schemas/ stands in the package's root: three folders up from src/app/formats, four from dist/src/app/formats. */
const HERE = new URL('.', import.meta.url);
const ROOT = new URL(HERE.pathname.endsWith('/dist/src/app/formats/') ? '../../../../' : '../../../', HERE);
export const SCHEMAS_DIRECTORY = fileURLToPath(new URL('schemas/', ROOT));

const EXTENSION = '.avsc';

/** What stands in a directory such as schemas/. */
export interface SchemaFiles {
  /** `TOPIC.avsc`: the schema of each topic as it is written now, as JSON. */
  readonly current: ReadonlyMap<string, unknown>;
  /** `registry.json` and `registered/SUBJECT.vN.avsc`: every version that ever had an id. */
  readonly registered: readonly RegisteredSchema[];
}

/** Throws SCHEMA_INVALID for what can't be read. */
export function readSchemaFiles(directory: string): SchemaFiles {
  const current = new Map<string, unknown>();
  for (const file of readdirSync(directory).sort()) {
    if (file.endsWith(EXTENSION)) current.set(basename(file, EXTENSION), readJson(join(directory, file)));
  }
  return { current, registered: readRegistry(directory) };
}

/** The current schemas as types, by topic. Throws SCHEMA_INVALID. */
export function schemasByTopic({ current }: SchemaFiles): ReadonlyMap<string, AvroType> {
  return new Map([...current].map(([topic, schema]) => [topic, parseSchema(schema)]));
}

export function registryPath(directory: string): string {
  return join(directory, 'registry.json');
}

export function registeredPath(
  directory: string,
  { subject, version }: Pick<Registration, 'subject' | 'version'>,
): string {
  return join(directory, 'registered', `${subject}.v${version}${EXTENSION}`);
}

function readRegistry(directory: string): readonly RegisteredSchema[] {
  const path = registryPath(directory);
  const { schemas } = readJson(path) as { readonly schemas?: unknown };
  if (!Array.isArray(schemas)) throw schemaInvalid(`${path} has no list "schemas"`);
  return schemas.map((entry: Registration) => {
    const { id, subject, version, guid, fingerprint } = entry;
    if (typeof subject !== 'string' || !/^[\w.-]+$/.test(subject))
      throw schemaInvalid(`${path} has an entry of no subject`);
    if (!Number.isSafeInteger(version)) throw schemaInvalid(`${path} has an entry of ${subject} without version`);
    return { id, subject, version, guid, fingerprint, schema: readJson(registeredPath(directory, entry)) };
  });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch (cause) {
    throw schemaInvalid(`${path} can't be read: ${(cause as Error).message}`);
  }
}
