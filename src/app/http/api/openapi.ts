import { z } from 'zod';
import { IDEMPOTENCY_KEY as IDEMPOTENCY_KEY_PATTERN } from './idempotent-desk.ts';
import type { Route } from './route.ts';
import { problemSchema } from './schemas.ts';

const DESCRIPTION =
  'Exactly-once processing of transactions. What is acknowledged with 202 is on disk; what became of it is told by ' +
  'its status. Errors are RFC 9457 problems, and `code` is what a program is to look at.';

const PROBLEMS: Readonly<Record<number, string>> = {
  400: 'The request is malformed',
  401: 'The API key is missing or wrong',
  404: 'There is no such thing',
  409: 'It conflicts with what is there or under way',
  413: 'The body is too large',
  415: 'The body is not application/json in UTF-8',
  421: 'The Host header names another server',
  422: 'What was sent is refused',
  429: 'Too many requests of this client; Retry-After says when to try again',
  431: 'The headers are too large',
  503: 'Too much is under way or waits; Retry-After says when to try again',
};

/** The OpenAPI 3.1 document of the routes, from the schemas that they validate with. */
export function openApiDocument(routes: readonly Route[], version: string, needsKey: boolean): unknown {
  const schemas: Record<string, unknown> = {};
  const toSchema = (schema: z.ZodType, io: 'input' | 'output'): unknown => inComponents(schema, io, schemas);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of routes) {
    const operation = { [each.method.toLowerCase()]: operationOf(each, toSchema, needsKey) };
    paths[each.path] = { ...paths[each.path], ...operation };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Headrace',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    paths,
    components: {
      schemas,
      ...(needsKey
        ? {
            securitySchemes: {
              bearer: { type: 'http', scheme: 'bearer' },
              apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
            },
          }
        : {}),
    },
  };
}

type ToSchema = (schema: z.ZodType, io: 'input' | 'output') => unknown;

function operationOf(route: Route, toSchema: ToSchema, needsKey: boolean): unknown {
  const { operationId, tag, summary, description, params, answers } = route;
  const query = route.shownQuery ?? route.query;
  const body = route.shownBody ?? route.body;
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(answers)) {
    const type = answer.type ?? 'application/json';
    const schema = answer.schema === undefined ? { type: 'string' } : toSchema(answer.schema, 'output');
    const links = answer.links === undefined ? {} : { links: answer.links };
    responses[status] = { description: answer.description, content: { [type]: { schema } }, ...links };
  }
  const problemContent = { 'application/problem+json': { schema: toSchema(problemSchema, 'output') } };
  const isSecured = needsKey && route.isOpen !== true;
  for (const status of [...route.problems, 421, 431, ...(isSecured ? [401] : [])]) {
    const retry = status === 429 || status === 503 ? { headers: RETRY_AFTER } : {};
    responses[status] = { description: PROBLEMS[status], content: problemContent, ...retry };
  }
  const parameters = [
    ...parametersOf(params, 'path', toSchema),
    ...parametersOf(query, 'query', toSchema),
    ...(route.takesIdempotencyKey === true ? [IDEMPOTENCY_KEY] : []),
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: toSchema(body, 'input') } } } }),
    responses,
    ...(isSecured ? { security: [{ bearer: [] }, { apiKey: [] }] } : {}),
  };
}

const RETRY_AFTER = { 'Retry-After': { description: 'Seconds', schema: { type: 'integer', minimum: 1 } } };

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same request again under the same key is done once and gets the first answer, for a day',
  schema: { type: 'string', pattern: IDEMPOTENCY_KEY_PATTERN.source },
};

function parametersOf(
  object: z.ZodObject | undefined,
  place: 'path' | 'query',
  toSchema: ToSchema,
): readonly unknown[] {
  if (object === undefined) return [];
  return Object.entries(object.shape).map(([name, schema]) => {
    // What a path or a query carries is text; the document shows what is made of it.
    const { description, ...shown } = toSchema(schema as z.ZodType, 'output') as { readonly description?: string };
    return {
      name,
      in: place,
      required: place === 'path' || !(schema as z.ZodType).isOptional(),
      ...(description === undefined ? {} : { description }),
      schema: shown,
    };
  });
}

/** A schema; those with a name go to the components and are referred to. */
function inComponents(schema: z.ZodType, io: 'input' | 'output', components: Record<string, unknown>): unknown {
  const made = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as {
    readonly $defs?: Readonly<Record<string, unknown>>;
  };
  const { $defs = {}, ...own } = made;
  for (const [name, definition] of Object.entries($defs)) components[name] = referring(definition);
  return referring(own);
}

/** The same with references into the components, and without what belongs to a document of its own. */
function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([name, inner]): (readonly [string, unknown])[] => {
    // A property may be called so, too; then it is no text.
    if (['$schema', 'id', '$id'].includes(name) && typeof inner === 'string') return [];
    if (name === '$ref' && typeof inner === 'string')
      return [[name, inner.replace(/^#\/\$defs\//, '#/components/schemas/')]];
    return [[name, referring(inner)]];
  });
  return Object.fromEntries(entries);
}
