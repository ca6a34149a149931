import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { GenericSinkDefinition } from '../../clickhouse/generic/generic-sink-definition.ts';
import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import { ConfluentRegistry } from '../../serde/avro/confluent-registry.ts';
import { FileRegistry } from '../../serde/avro/file-registry.ts';
import { parseSchemaText } from '../../serde/avro/parse-schema.ts';
import type { AvroType } from '../../serde/avro/schema.ts';
import type { SchemaRegistry } from '../../serde/avro/schema-registry.ts';
import { readSchemaFiles, SCHEMAS_DIRECTORY } from '../formats/schema-files.ts';

type WriterSchemas = Pick<SchemaRegistry, 'writerSchema'>;

/** Where the schemas of generic sinks come from: files, and the schema registry where there is one. */
export class SchemaSource {
  readonly #confluent: ConfluentRegistry | undefined;
  readonly #known: WriterSchemas;
  readonly #directory: string;

  private constructor(confluent: ConfluentRegistry | undefined, directory: string) {
    this.#confluent = confluent;
    // Without a registry the topics that come with Headrace have the ids of its own schemas.
    this.#known = confluent ?? new FileRegistry(readSchemaFiles(SCHEMAS_DIRECTORY).registered);
    this.#directory = directory;
  }

  /** @param directory from which files are named. */
  static async open(registryUrl: string | undefined, directory: string, clock: Clock): Promise<SchemaSource> {
    if (registryUrl === undefined) return new SchemaSource(undefined, directory);
    return new SchemaSource(await ConfluentRegistry.open({ url: registryUrl, clock, schemas: new Map() }), directory);
  }

  /** What a sink reads values into. Throws INPUT_NOT_FOUND, SCHEMA_INVALID, SCHEMA_UNKNOWN, SCHEMA_UNAVAILABLE, USAGE. */
  async schemaOf({ schema, topic }: GenericSinkDefinition): Promise<AvroType> {
    if (typeof schema === 'string') return this.#read(schema);
    if (this.#confluent !== undefined) return this.#confluent.schemaOf(schema.subject, schema.version);
    throw new HeadraceError(
      'USAGE',
      `The sink of topic ${topic} names the subject ${schema.subject}, and there is no registry: say --schema-registry URL, or name an .avsc file`,
    );
  }

  /** The schemas that its values were written with. */
  writersOf({ ids = {} }: GenericSinkDefinition): WriterSchemas {
    const own = new Map(Object.entries(ids).map(([id, file]) => [Number(id), this.#read(file)]));
    return {
      writerSchema: (reference) =>
        ('id' in reference ? own.get(reference.id) : undefined) ?? this.#known.writerSchema(reference),
    };
  }

  close(): void {
    this.#confluent?.close();
  }

  #read(file: string): AvroType {
    const path = resolve(this.#directory, file);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      const message = `The schema ${path}, which sinks of the configuration name, can't be read: ${(cause as Error).message}`;
      throw new HeadraceError('INPUT_NOT_FOUND', message, { cause, where: { file: path } });
    }
    try {
      return parseSchemaText(text);
    } catch (error) {
      if (!(error instanceof HeadraceError)) throw error;
      throw new HeadraceError(error.code, `${path}: ${error.message}`, { cause: error, where: { file: path } });
    }
  }
}
