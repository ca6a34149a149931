import { readSchemaFiles, SCHEMAS_DIRECTORY, schemasByTopic } from '../../../src/app/formats/schema-files.ts';
import { avroSerde } from '../../../src/serde/avro/avro-serde.ts';
import { FileRegistry } from '../../../src/serde/avro/file-registry.ts';
import { fingerprintOf, guidOf } from '../../../src/serde/avro/fingerprint.ts';
import { parseSchema } from '../../../src/serde/avro/parse-schema.ts';
import { valueSubject } from '../../../src/serde/avro/schema-registry.ts';

/** The schemas and the registry as they are committed. */
export const files = readSchemaFiles(SCHEMAS_DIRECTORY);
export const registry = new FileRegistry(files.registered);
export const schemas = schemasByTopic(files);
export const topics = [...schemas.keys()];

export function serdeOf(topic: string) {
  return avroSerde<unknown>(schemas.get(topic)!, valueSubject(topic), registry);
}

/** A registry of versions of one subject, with ids from 1. */
export function registryOf(subject: string, ...versions: readonly unknown[]): FileRegistry {
  return new FileRegistry(
    versions.map((schema, index) => {
      const fingerprint = fingerprintOf(schema);
      return { id: index + 1, subject, version: index + 1, fingerprint, guid: guidOf(fingerprint), schema };
    }),
  );
}

/** A serde of one schema of its own. */
export function serdeFor(schema: unknown, ...older: readonly unknown[]) {
  return avroSerde<unknown>(parseSchema(schema), 's', registryOf('s', ...older, schema));
}

export const TRANSACTION = {
  transactionId: 't-1',
  accountId: 'a-1',
  direction: 'credit',
  amount: '1100.00',
  currency: 'EUR',
  occurredAt: '2026-01-31T12:00:00.000Z',
  kind: 'posting',
  channel: 'atm',
};
