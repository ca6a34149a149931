import type { SchemaReference } from './framing.ts';
import type { AvroType } from './schema.ts';

/** Where the schemas of written values are found. Both calls are made while a record is processed, and so don't wait. */
export interface SchemaRegistry {
  /**
   * The schema that values are written with under a reference; the same object every time. Throws SCHEMA_UNKNOWN where the
   * registry has none, and SCHEMA_UNAVAILABLE (retriable) while it has not answered: that is no fault of the record.
   */
  writerSchema(reference: SchemaReference): AvroType;
  /** The id of the schema that values of a subject (`TOPIC-value`) are written with. Throws SCHEMA_UNKNOWN. */
  idOf(subject: string): number;
  /** Resolves when what was asked for until now is answered, or has failed. */
  settled(): Promise<void>;
}

export function valueSubject(topic: string): string {
  return `${topic}-value`;
}

export function shownReference(reference: SchemaReference): string {
  return 'id' in reference ? `id ${reference.id}` : `GUID ${reference.guid}`;
}
