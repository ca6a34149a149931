import type { ZodError } from 'zod';
import { HeadraceError } from '../../../errors.ts';
import { maskCardNumbers } from '../../../privacy/card-numbers.ts';

/** RFC 9457, with our code. What it says never repeats what was sent. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
}

export const PROBLEM_TYPE = 'application/problem+json';

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

export function problem(status: number, code: string, detail: string): Problem {
  const type = `urn:headrace:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  return { type, title: TITLES[status] ?? 'Error', status, detail: maskCardNumbers(detail), code };
}

/** Ends a request with a problem. Thrown by what a request goes through; caught where answers are made. */
export class ProblemError extends HeadraceError {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;

  constructor(told: Problem, headers: Readonly<Record<string, string>> = {}) {
    super('REQUEST_REFUSED', told.detail, { retriable: told.status === 429 || told.status === 503 });
    this.problem = told;
    this.headers = headers;
  }
}

export function refuse(status: number, code: string, detail: string, retryAfterSeconds?: number): ProblemError {
  return new ProblemError(
    problem(status, code, detail),
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterSeconds))) },
  );
}

const RETRY_AFTER_SECONDS = 1;
/** What may pass by itself; the text of the error says what is full or behind. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'LOG_BACKPRESSURE',
  'STORAGE_FULL',
  'LOG_CLOSED',
  'NOT_RUNNING',
  'SCHEMA_UNAVAILABLE',
  'STATE_UNAVAILABLE',
]);

/** The problem of anything that was thrown. What nobody expected says no more than that: its text may hold anything. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof HeadraceError) {
    if (UNAVAILABLE.has(error.code)) return refuse(503, error.code, error.message, RETRY_AFTER_SECONDS);
    if (error.retriable) return refuse(503, error.code, 'Try again shortly', RETRY_AFTER_SECONDS);
    if (error.code === 'RECORD_TOO_LARGE') return refuse(413, error.code, error.message);
    return refuse(500, error.code, 'The request failed; the log of the process says why');
  }
  return fromFramework(error) ?? refuse(500, 'INTERNAL', 'The request failed; the log of the process says why');
}

const FRAMEWORK: Readonly<Record<string, readonly [status: number, code: string, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'BODY_TOO_LARGE', 'The body is larger than this server takes'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'MEDIA_TYPE_UNSUPPORTED', 'The body must be application/json in UTF-8'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'BODY_INCOMPLETE', 'The body is not as long as Content-Length says'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'JSON_INVALID', 'The body is empty'],
  FST_ERR_BAD_URL: [400, 'PATH_INVALID', 'The path is not well-formed'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'PATH_INVALID', 'The path is too long'],
  FST_ERR_ASYNC_CONSTRAINT: [400, 'PATH_INVALID', 'The request can not be routed'],
};

function fromFramework(error: unknown): ProblemError | undefined {
  const { code, statusCode } = (error ?? {}) as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' ? FRAMEWORK[code] : undefined;
  if (known !== undefined) return refuse(...known);
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return refuse(statusCode, 'REQUEST_INVALID', 'The request is not valid');
  }
  return undefined;
}

/** The first thing that is wrong, without what was sent. */
export function issueText(error: ZodError): string {
  const [issue] = error.issues;
  const place = issue!.path.map(String).join('.');
  return place === '' ? issue!.message : `${place}: ${issue!.message}`;
}
