import { HeadraceError } from '../../errors.ts';
import { fingerprintOf, guidOf } from './fingerprint.ts';
import type { SchemaReference } from './framing.ts';
import { parseSchema } from './parse-schema.ts';
import { type AvroType, schemaInvalid } from './schema.ts';
import { type SchemaRegistry, shownReference } from './schema-registry.ts';

/** A line of `schemas/registry.json`. Nothing of it ever changes, and none is ever removed: records name it. */
export interface Registration {
  readonly id: number;
  readonly subject: string;
  /** From 1 without a gap, per subject. */
  readonly version: number;
  readonly guid: string;
  /** SHA-256 of the schema ({@link fingerprintOf}). */
  readonly fingerprint: string;
}

export interface RegisteredSchema extends Registration {
  /** The schema as JSON. */
  readonly schema: unknown;
}

/** The greatest id that the frame's four bytes can carry as every client reads them. */
export const SCHEMA_ID_MAX = 2 ** 31 - 1;

/** The registry that is committed with the schemas: every version that ever had an id stays readable. */
export class FileRegistry implements SchemaRegistry {
  readonly #byId = new Map<number, AvroType>();
  readonly #byGuid = new Map<string, AvroType>();
  readonly #latest = new Map<string, Registration>();

  /** Throws SCHEMA_INVALID where entry and schema disagree, or two entries have one id. */
  constructor(schemas: readonly RegisteredSchema[]) {
    for (const entry of [...schemas].sort((a, b) => a.version - b.version)) {
      checkEntry(entry);
      const type = parseSchema(entry.schema);
      if (this.#byId.has(entry.id)) throw schemaInvalid(`the registry has the id ${entry.id} twice`);
      const previous = this.#latest.get(entry.subject)?.version ?? 0;
      if (entry.version !== previous + 1) {
        throw schemaInvalid(`version ${entry.version} of ${entry.subject} follows ${previous} in the registry`);
      }
      this.#byId.set(entry.id, type);
      this.#byGuid.set(entry.guid, type);
      this.#latest.set(entry.subject, entry);
    }
  }

  writerSchema(reference: SchemaReference): AvroType {
    const type = 'id' in reference ? this.#byId.get(reference.id) : this.#byGuid.get(reference.guid);
    if (type !== undefined) return type;
    throw new HeadraceError(
      'SCHEMA_UNKNOWN',
      `schemas/registry.json has no schema of ${shownReference(reference)}; it may be one of a schema registry (--schema-registry URL)`,
    );
  }

  idOf(subject: string): number {
    const latest = this.#latest.get(subject);
    if (latest !== undefined) return latest.id;
    throw new HeadraceError(
      'SCHEMA_UNKNOWN',
      `schemas/registry.json has no schema of ${subject}; npm run schemas -- register gives it an id`,
    );
  }

  async settled(): Promise<void> {}
}

function checkEntry({ id, subject, version, guid, fingerprint, schema }: RegisteredSchema): void {
  const where = `${subject} version ${version}`;
  if (!Number.isSafeInteger(id) || id < 1 || id > SCHEMA_ID_MAX) throw schemaInvalid(`${where} has the id ${id}`);
  if (fingerprintOf(schema) !== fingerprint) {
    throw schemaInvalid(`${where} is not what was registered: records were written with that, so it must not change`);
  }
  if (guidOf(fingerprint) !== guid) throw schemaInvalid(`the GUID of ${where} is not that of its schema`);
}
