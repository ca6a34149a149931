import type { Clock } from '../../clock.ts';
import { HeadraceError } from '../../errors.ts';
import type { SchemaReference } from './framing.ts';
import { parseSchema, parseSchemaText } from './parse-schema.ts';
import { RegistryRequests, type RegistryRequestsOptions } from './registry-requests.ts';
import { type AvroType, schemaInvalid } from './schema.ts';
import { type SchemaRegistry, shownReference } from './schema-registry.ts';

export interface ConfluentRegistryOptions extends RegistryRequestsOptions {
  readonly clock: Clock;
  /** The schemas that are written, as JSON, by their subject: each gets the id that the registry has for it. */
  readonly schemas: ReadonlyMap<string, unknown>;
  /** Whether a schema that the registry does not have is registered (the default), or stops the start. */
  readonly isRegistering?: boolean;
}

/** Schemas kept; the oldest goes first. */
const SCHEMAS_MAX = 10_000;
/** Ids that the registry did not have are asked for again after this: it may have been behind. */
const MISSING_FOR_MS = 60_000;
/** After a failure the registry is left alone for this long. */
const FAILED_FOR_MS = 1_000;
const REQUESTS_MAX = 32;

type Known =
  | { readonly type: AvroType }
  | { readonly isPending: true }
  | { readonly error: HeadraceError; readonly until: number };

/**
 * A schema registry with Confluent's REST API. The record path can't wait (design D1), so a schema that is met for the first time is
 * asked for in the background and SCHEMA_UNAVAILABLE is thrown meanwhile: the worker goes back to its committed offsets and
 * comes again. Only the registry's own word that it has no such schema makes a dead letter.
 */
export class ConfluentRegistry implements SchemaRegistry {
  readonly #requests: RegistryRequests;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #ids = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();

  private constructor(options: ConfluentRegistryOptions) {
    this.#requests = new RegistryRequests(options);
    this.#clock = options.clock;
  }

  /**
   * Looks up, or registers, what is going to be written. Rejects with SCHEMA_UNAVAILABLE where the registry is down,
   * SCHEMA_INCOMPATIBLE where it refuses a schema, SCHEMA_UNKNOWN where it has none and must not be given one.
   */
  static async open(options: ConfluentRegistryOptions): Promise<ConfluentRegistry> {
    const registry = new ConfluentRegistry(options);
    try {
      await Promise.all(
        [...options.schemas].map(([subject, schema]) =>
          registry.#resolve(subject, schema, options.isRegistering ?? true),
        ),
      );
    } catch (error) {
      registry.close();
      throw error;
    }
    return registry;
  }

  writerSchema(reference: SchemaReference): AvroType {
    const name = shownReference(reference);
    const known = this.#known.get(name);
    if (known !== undefined && 'type' in known) return known.type;
    if (known !== undefined && 'error' in known && this.#clock() < known.until) throw known.error;
    if (known === undefined || 'error' in known) this.#ask(reference, name);
    throw new HeadraceError(
      'SCHEMA_UNAVAILABLE',
      `The schema of ${name} is being asked for at ${this.#requests.address}`,
      {
        retriable: true,
      },
    );
  }

  idOf(subject: string): number {
    const id = this.#ids.get(subject);
    if (id !== undefined) return id;
    throw new HeadraceError('SCHEMA_UNKNOWN', `No schema of ${subject} was given to the schema registry`);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** A version of a subject, the latest unless told; for those who can wait. Rejects with SCHEMA_UNKNOWN, SCHEMA_INVALID, SCHEMA_UNAVAILABLE. */
  async schemaOf(subject: string, version?: number): Promise<AvroType> {
    const name = `version ${version ?? 'latest'} of ${subject}`;
    const answer = await this.#requests.send(
      `/subjects/${encodeURIComponent(subject)}/versions/${version ?? 'latest'}`,
    );
    if ('missing' in answer) {
      const message = `The schema registry at ${this.#requests.address} has no ${name}: ${answer.missing}`;
      throw new HeadraceError('SCHEMA_UNKNOWN', message);
    }
    return schemaIn(answer.body, name);
  }

  /** Ends what is under way. */
  close(): void {
    this.#requests.close();
  }

  async #resolve(subject: string, schema: unknown, isRegistering: boolean): Promise<void> {
    const type = parseSchema(schema);
    const path = `/subjects/${encodeURIComponent(subject)}`;
    const body = { schema: JSON.stringify(schema), schemaType: 'AVRO' };
    let answer = await this.#requests.send(path, body);
    if ('missing' in answer && isRegistering) answer = await this.#requests.send(`${path}/versions`, body);
    if ('missing' in answer) {
      throw new HeadraceError(
        'SCHEMA_UNKNOWN',
        `The schema registry at ${this.#requests.address} does not have the schema of ${subject}; register schemas/${subject.replace(/-value$/, '')}.avsc there`,
      );
    }
    const { id } = answer.body;
    if (!Number.isSafeInteger(id)) throw schemaInvalid(`the registry gave ${subject} the id ${String(id)}`);
    this.#ids.set(subject, id as number);
    this.#keep(shownReference({ id: id as number }), { type });
  }

  #ask(reference: SchemaReference, name: string): void {
    if (this.#pending.size >= REQUESTS_MAX) return;
    this.#keep(name, { isPending: true });
    const asking = this.#fetch(reference).then(
      (known) => this.#keep(name, known),
      (error: unknown) => this.#keep(name, { error: asHeadraceError(error), until: this.#clock() + FAILED_FOR_MS }),
    );
    this.#pending.add(asking);
    void asking.finally(() => this.#pending.delete(asking));
  }

  /** One attempt: who asks comes again. */
  async #fetch(reference: SchemaReference): Promise<Known> {
    const path = 'id' in reference ? `/schemas/ids/${reference.id}` : `/schemas/guids/${reference.guid}`;
    const answer = await this.#requests.send(path, undefined, 1);
    const until = this.#clock() + MISSING_FOR_MS;
    if ('missing' in answer) {
      const message = `The schema registry at ${this.#requests.address} has no schema of ${shownReference(reference)}: ${answer.missing}`;
      return { error: new HeadraceError('SCHEMA_UNKNOWN', message), until };
    }
    try {
      return { type: schemaIn(answer.body, shownReference(reference)) };
    } catch (error) {
      return { error: asHeadraceError(error), until };
    }
  }

  #keep(name: string, known: Known): void {
    this.#known.delete(name);
    this.#known.set(name, known);
    if (this.#known.size <= SCHEMAS_MAX) return;
    for (const [oldest, { isPending }] of this.#known as Map<string, { readonly isPending?: true }>) {
      if (isPending) continue;
      this.#known.delete(oldest);
      return;
    }
  }
}

function schemaIn(body: Readonly<Record<string, unknown>>, name: string): AvroType {
  const { schema, schemaType = 'AVRO', references = [] } = body;
  if (schemaType !== 'AVRO') throw schemaInvalid(`that of ${name} in the registry is ${String(schemaType)}, not Avro`);
  if (Array.isArray(references) && references.length > 0) {
    throw schemaInvalid(`that of ${name} refers to other subjects, which Headrace does not read`);
  }
  if (typeof schema !== 'string') throw schemaInvalid(`the registry's answer for ${name} holds none`);
  return parseSchemaText(schema);
}

function asHeadraceError(error: unknown): HeadraceError {
  if (error instanceof HeadraceError) return error;
  return new HeadraceError('SCHEMA_UNAVAILABLE', `Asking the schema registry failed: ${String(error)}`, {
    cause: error,
    retriable: true,
  });
}
