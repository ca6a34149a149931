import { z } from 'zod';
import type { ApiBackend } from './api-backend.ts';
import type { Metrics } from './metrics.ts';
import { refuse } from './problem.ts';
import { type Route, route } from './route.ts';

const RETRY_AFTER_SECONDS = 1;

export interface OperationRoutesOptions {
  readonly backend: ApiBackend;
  readonly metrics: Metrics;
  readonly document: () => unknown;
  readonly isEnding: () => boolean;
}

/** What those who run it ask. */
export function operationRoutes(options: OperationRoutesOptions): readonly Route[] {
  const { backend, metrics, document, isEnding } = options;
  const health = z.object({ status: z.literal('ok') });
  return [
    route({
      method: 'GET',
      path: '/healthz',
      operationId: 'health',
      tag: 'Operation',
      summary: 'Whether the process lives',
      isOpen: true,
      isUnlimited: true,
      answers: { 200: { description: 'It lives', schema: health } },
      problems: [],
      handle: () => ({ status: 200, body: { status: 'ok' } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      operationId: 'readiness',
      tag: 'Operation',
      summary: 'Whether it takes transactions in and processes them',
      isOpen: true,
      isUnlimited: true,
      answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ready') }) } },
      problems: [503],
      handle: () => {
        if (isEnding()) throw refuse(503, 'ENDING', 'The process is ending', RETRY_AFTER_SECONDS);
        if (!backend.isEngineRunning) throw refuse(503, 'NOT_RUNNING', 'The engine does not run', RETRY_AFTER_SECONDS);
        return { status: 200, body: { status: 'ready' } };
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      operationId: 'metrics',
      tag: 'Operation',
      summary: 'Figures for Prometheus',
      isUnlimited: true,
      answers: { 200: { description: 'Text exposition format', type: 'text/plain' } },
      problems: [],
      handle: async () => ({ status: 200, type: metrics.type, body: await metrics.text() }),
    }),
    route({
      method: 'GET',
      path: '/openapi.json',
      operationId: 'openApi',
      tag: 'Operation',
      summary: 'This document',
      isOpen: true,
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
      problems: [429, 503],
      handle: () => ({ status: 200, body: document() }),
    }),
  ];
}
