import type { Clock } from '../../clock.ts';
import { ConfluentRegistry } from '../../serde/avro/confluent-registry.ts';
import { FileRegistry } from '../../serde/avro/file-registry.ts';
import { valueSubject } from '../../serde/avro/schema-registry.ts';
import { readSchemaFiles, SCHEMAS_DIRECTORY, schemasByTopic } from './schema-files.ts';
import { type TopicFormats, topicFormats, type ValueFormat } from './topic-formats.ts';

export interface OpenTopicFormatsOptions {
  /** What is written; JSON unless told. */
  readonly format?: ValueFormat;
  /** `--schema-registry`: a registry with Confluent's REST API, in place of the one in schemas/. */
  readonly registryUrl?: string;
  readonly clock: Clock;
}

export interface OpenTopicFormats extends TopicFormats {
  /** Ends requests to the registry that are under way. */
  close(): void;
}

/**
 * The formats of the topics that come with Headrace. With a registry's URL every schema that is to be written is looked up
 * there before the first record, or registered. Rejects with SCHEMA_UNAVAILABLE where it does not answer.
 */
export async function openTopicFormats(options: OpenTopicFormatsOptions): Promise<OpenTopicFormats> {
  const { format = 'json', registryUrl, clock } = options;
  const files = readSchemaFiles(SCHEMAS_DIRECTORY);
  const schemas = schemasByTopic(files);
  if (registryUrl === undefined) {
    return { ...topicFormats({ format, schemas, registry: new FileRegistry(files.registered) }), close: () => {} };
  }
  const written = format === 'avro' ? files.current : new Map<string, unknown>();
  const registry = await ConfluentRegistry.open({
    url: registryUrl,
    clock,
    schemas: new Map([...written].map(([topic, schema]) => [valueSubject(topic), schema])),
  });
  return { ...topicFormats({ format, schemas, registry }), close: () => registry.close() };
}
