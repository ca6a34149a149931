import { z } from 'zod';
import { type NamedQuery, parametersFor } from '../../../clickhouse/queries/named-query.ts';
import { expectedOf, type QueryParameter } from '../../../clickhouse/queries/parameter.ts';
import { namedQueries, namedQuery } from '../../../clickhouse/queries/registry.ts';
import { HeadraceError } from '../../../errors.ts';
import { queryJson } from '../../query-json.ts';
import type { ApiBackend } from './api-backend.ts';
import { refuse } from './problem.ts';
import { type ApiAnswer, type Route, route } from './route.ts';

const RETRY_AFTER_SECONDS = 5;

const parameterSchema = z.object({
  name: z.string(),
  type: z.string().describe("ClickHouse's type"),
  description: z.string(),
  expected: z.string().describe('What it must be, in words'),
  default: z.string().optional().describe('What counts where it is not given; without it, it must be'),
});

const querySchema = z
  .object({
    name: z.string(),
    summary: z.string(),
    description: z.string(),
    parameters: z.array(parameterSchema),
    columns: z.array(z.object({ name: z.string(), description: z.string() })),
  })
  .meta({ id: 'NamedQuery' });

/** The named queries of sql/queries: a list of them, and a route for each. */
export function queryRoutes(backend: ApiBackend): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/queries',
      operationId: 'listQueries',
      tag: 'Queries',
      summary: 'The queries that have a name, with their parameters and columns',
      answers: { 200: { description: 'All of them', schema: z.object({ queries: z.array(querySchema) }) } },
      problems: [429, 503],
      handle: () => ({ status: 200, body: { queries: namedQueries().map(queryJson) } }),
    }),
    ...namedQueries().map((query) => queryRoute(backend, query)),
    route({
      method: 'GET',
      path: '/queries/{name}',
      operationId: 'findQuery',
      tag: 'Queries',
      summary: 'Names the queries that there are, for a name that none has',
      params: z.object({ name: z.string().describe('No name of a query') }),
      answers: {},
      problems: [400, 404, 429, 503],
      handle: ({ params: { name } }) => {
        try {
          namedQuery(name);
        } catch (error) {
          if (error instanceof HeadraceError) throw refuse(404, error.code, error.message);
          throw error;
        }
        throw refuse(404, 'PATH_UNKNOWN', 'There is nothing at this path');
      },
    }),
  ];
}

function queryRoute(backend: ApiBackend, query: NamedQuery): Route {
  const { name, summary, description, parameters, columns } = query;
  return route({
    method: 'GET',
    path: `/queries/${name}`,
    operationId: name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
    tag: 'Queries',
    summary,
    description,
    query: z.looseObject({}),
    shownQuery: z.object(Object.fromEntries(parameters.map((parameter) => [parameter.name, schemaOf(parameter)]))),
    answers: {
      200: {
        description: 'The rows',
        schema: z.object({
          query: z.literal(name),
          rows: z.array(z.object(Object.fromEntries(columns.map((column) => [column.name, cellOf(column)])))),
        }),
      },
    },
    problems: [400, 422, 429, 503],
    handle: ({ query: given, gone }) => answer(backend, query, given, gone),
  });
}

async function answer(
  backend: ApiBackend,
  query: NamedQuery,
  given: Record<string, unknown>,
  gone: AbortSignal,
): Promise<ApiAnswer> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string') throw refuse(400, 'QUERY_INVALID', 'A parameter is given more than once');
    parameters[name] = value;
  }
  try {
    parametersFor(query, parameters);
    return { status: 200, body: { query: query.name, rows: await backend.ask(query.name, parameters, gone) } };
  } catch (error) {
    throw toRefusal(error);
  }
}

/** ClickHouse's numbers in the texts of its errors. */
const TOO_MANY_ROWS = /\bCode: 396\b/;
const TIMEOUT = /\bCode: (?:159|160)\b/;

function toRefusal(error: unknown): unknown {
  if (!(error instanceof HeadraceError)) return error;
  if (error.code === 'PARAMETER_INVALID') return refuse(400, 'QUERY_INVALID', error.message);
  if (error.code !== 'QUERY_FAILED') return error;
  if (TOO_MANY_ROWS.test(error.message)) {
    return refuse(
      422,
      'RESULT_TOO_LARGE',
      'The answer has too many rows: ask for a shorter period, or by the command line',
    );
  }
  if (TIMEOUT.test(error.message)) {
    const detail = 'The query took too long: ask for a shorter period, or by the command line';
    return refuse(503, 'QUERY_TOO_SLOW', detail, RETRY_AFTER_SECONDS);
  }
  return error;
}

function schemaOf(parameter: QueryParameter): z.ZodType {
  const schema = z.string().describe(`${parameter.description}: ${expectedOf(parameter)}`);
  return parameter.preset === undefined ? schema : schema.default(parameter.preset);
}

/** Money and 64-bit integers come as texts. */
function cellOf({ description }: NamedQuery['columns'][number]): z.ZodType {
  return z.union([z.string(), z.number(), z.boolean()]).describe(description);
}
