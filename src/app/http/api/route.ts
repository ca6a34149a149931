import type { z } from 'zod';

export interface ApiRequest<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The body as it came; what an idempotency key belongs to. */
  readonly bytes: Buffer;
  /** Method and path. */
  readonly target: string;
  readonly idempotencyKey: string | undefined;
  /** Who asks: the name of the API key, empty where none is needed. */
  readonly client: string;
  /** Aborted when the server ends: who waits answers with what is known. */
  readonly ending: AbortSignal;
  /** Aborted when the client goes away before it is answered: nobody wants what it asked for any more. */
  readonly gone: AbortSignal;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON without it. */
  readonly type?: string;
}

/** A route as data: what it validates with is what the OpenAPI document shows. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** As OpenAPI writes it: `/accounts/{accountId}/balance`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** What the document shows of the query, where the handler judges it. */
  readonly shownQuery?: z.ZodObject;
  /** What the body is checked against as a whole. */
  readonly body?: z.ZodType;
  /** What the document shows of the body, where its items are checked one by one. */
  readonly shownBody?: z.ZodType;
  readonly takesIdempotencyKey?: boolean;
  /** Whether it can be asked without an API key. */
  readonly isOpen?: boolean;
  /** Whether the limits on rate and number leave it out: it must answer when nothing else does. */
  readonly isUnlimited?: boolean;
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Statuses that come as problems. */
  readonly problems: readonly number[];
  readonly handle: (request: ApiRequest<never, never, never>) => ApiAnswer | Promise<ApiAnswer>;
}

export interface RouteAnswer {
  readonly description: string;
  /** None for plain text. */
  readonly schema?: z.ZodType;
  readonly type?: string;
  /** OpenAPI's links: what can be asked with what it says. */
  readonly links?: Readonly<Record<string, RouteLink>>;
}

export interface RouteLink {
  readonly operationId: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A route whose handler gets what its schemas make of a request. */
export function route<
  const P extends z.ZodObject | undefined = undefined,
  const Q extends z.ZodObject | undefined = undefined,
  const B extends z.ZodType | undefined = undefined,
>(
  definition: Omit<Route, 'params' | 'query' | 'body' | 'handle'> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly handle: (request: ApiRequest<Made<P>, Made<Q>, Made<B>>) => ApiAnswer | Promise<ApiAnswer>;
  },
): Route {
  return definition as unknown as Route;
}

type Made<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
