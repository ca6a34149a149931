import type { FastifyInstance } from 'fastify';
import { HeadraceError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import { PROBLEM_TYPE, problem } from './api/problem.ts';

/** Where an instance is asked for state by the others, below its address. */
export const STATE_PATH = '/instances/state';
/** A question names everything that its reader has asked so far. */
const QUESTION_BYTES_MAX = 16 * 1024 * 1024;

export interface StateRoutesOptions {
  /** Whether what a request presents lets it ask. */
  readonly isKey: (presented: string | undefined) => boolean;
  /** See Log.answerState. */
  readonly answer: (question: Uint8Array) => Promise<Uint8Array>;
}

/** What other instances may ask of a log; undefined where there can be none. */
export function questionsOf(
  log: Pick<Log, 'answerState'>,
  exchange: Pick<StateRoutesOptions, 'isKey'>,
): StateRoutesOptions | undefined {
  if (log.answerState === undefined) return undefined;
  return { isKey: (presented) => exchange.isKey(presented), answer: (question) => log.answerState!(question) };
}

/** Adds the route by which other instances read the state that this one owns; it has a key of its own, which is good for nothing else. */
export function addStateRoutes(server: FastifyInstance, { isKey, answer }: StateRoutesOptions): void {
  void server.register(async (own) => {
    own.removeAllContentTypeParsers();
    own.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    own.setErrorHandler(async (error, _request, reply) => {
      const told = told503(error) ?? problem(400, 'QUESTION_INVALID', 'This is no question about state');
      await reply.code(told.status).type(PROBLEM_TYPE).send(JSON.stringify(told));
    });
    own.post(STATE_PATH, {
      bodyLimit: QUESTION_BYTES_MAX,
      // Before the body is read.
      onRequest: async (request, reply) => {
        const presented = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
        if (isKey(presented)) return;
        const told = problem(401, 'KEY_UNKNOWN', 'The key of this instance is missing or wrong');
        await reply.code(401).header('www-authenticate', 'Bearer').type(PROBLEM_TYPE).send(JSON.stringify(told));
      },
      handler: async (request, reply) => {
        const question = request.body instanceof Buffer ? request.body : Buffer.alloc(0);
        const bytes = await answer(question);
        return reply.header('cache-control', 'no-store').type('application/json').send(Buffer.from(bytes));
      },
    });
  });
}

function told503(error: unknown) {
  const isEnding = error instanceof HeadraceError && (error.retriable || error.code === 'LOG_CLOSED');
  return isEnding ? problem(503, 'ENDING', 'This instance can not answer now') : undefined;
}
