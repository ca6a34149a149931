import { incompatibilities, shownIncompatibility } from '../../serde/avro/compatibility.ts';
import { compileReader } from '../../serde/avro/compile-reader.ts';
import { compileWriter } from '../../serde/avro/compile-writer.ts';
import { FileRegistry, type RegisteredSchema } from '../../serde/avro/file-registry.ts';
import { fingerprintOf, guidOf } from '../../serde/avro/fingerprint.ts';
import { parseSchema } from '../../serde/avro/parse-schema.ts';
import { valueSubject } from '../../serde/avro/schema-registry.ts';
import type { SchemaFiles } from './schema-files.ts';

/** What is wrong with a directory of schemas. */
export interface Finding {
  readonly topic: string;
  /** Whether registering mends it; what breaks old or new values is mended by changing the schema only. */
  readonly isRegistrable: boolean;
  readonly message: string;
}

/**
 * Holds every current schema against the last registered one of its topic: it must be that one, or be compatible with it in
 * both directions and be registered. A schema of a topic may not vanish either, for its records stay.
 */
export function checkSchemas({ current, registered }: SchemaFiles): readonly Finding[] {
  try {
    new FileRegistry(registered);
  } catch (error) {
    return [{ topic: 'registry.json', isRegistrable: false, message: (error as Error).message }];
  }
  const findings = [...current].flatMap(([topic, schema]) => checkTopic(topic, schema, latestOf(registered, topic)));
  const subjects = new Set([...current.keys()].map(valueSubject));
  const vanished = [...new Set(registered.map(({ subject }) => subject))].filter((subject) => !subjects.has(subject));
  const missing = vanished.map((subject) => ({
    topic: subject.replace(/-value$/, ''),
    isRegistrable: false,
    message: 'is registered, and its .avsc file is gone: the records of the topic could not be read any more',
  }));
  return [...findings, ...missing];
}

function checkTopic(topic: string, schema: unknown, latest: RegisteredSchema | undefined): readonly Finding[] {
  const broken = (message: string): Finding => ({ topic, isRegistrable: false, message });
  try {
    const type = parseSchema(schema);
    // Values must have a JSON form, and amounts a currency.
    compileWriter(type);
    compileReader(type, type);
    if (latest === undefined) return [{ topic, isRegistrable: true, message: 'has no version in the registry yet' }];
    if (latest.fingerprint === fingerprintOf(schema)) return [];
    const breaking = incompatibilities(parseSchema(latest.schema), type);
    if (breaking.length > 0) return breaking.map((each) => broken(shownIncompatibility(each)));
    const message = `differs from version ${latest.version}, compatibly, and is not registered`;
    return [{ topic, isRegistrable: true, message }];
  } catch (error) {
    return [broken((error as Error).message)];
  }
}

/** The registry with the next version and id for each schema that has none; those that have one stay as they are. */
export function registerSchemas({ current, registered }: SchemaFiles): readonly RegisteredSchema[] {
  const entries = [...registered];
  for (const [topic, schema] of current) {
    const fingerprint = fingerprintOf(schema);
    const latest = latestOf(entries, topic);
    if (latest?.fingerprint === fingerprint) continue;
    const id = Math.max(0, ...entries.map((each) => each.id)) + 1;
    const version = (latest?.version ?? 0) + 1;
    entries.push({ id, subject: valueSubject(topic), version, guid: guidOf(fingerprint), fingerprint, schema });
  }
  return entries;
}

function latestOf(registered: readonly RegisteredSchema[], topic: string): RegisteredSchema | undefined {
  const versions = registered.filter(({ subject }) => subject === valueSubject(topic));
  return versions.sort((a, b) => b.version - a.version)[0];
}
