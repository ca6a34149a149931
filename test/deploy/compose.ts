import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from '../tidy/source-file.ts';

const duration = z.string().regex(/^\d+s$/, 'whole seconds, such as 30s');
// Not a boolean: Docker Compose refuses it there.
const variables = z.record(z.string(), z.union([z.string(), z.number()]));
const health = z.strictObject({
  test: z.tuple([z.literal('CMD'), z.string()], z.string()),
  interval: duration,
  timeout: duration,
  retries: z.number(),
  start_period: duration,
  start_interval: duration.optional(),
});
const service = z.strictObject({
  image: z.string().optional(),
  build: z.string().optional(),
  hostname: z.string().optional(),
  restart: z.literal('unless-stopped'),
  init: z.boolean().optional(),
  stop_grace_period: duration.optional(),
  environment: variables.default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  ulimits: z.strictObject({ nofile: z.number() }).optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
  healthcheck: health.optional(),
});
const PARTS: readonly string[] = ['name', 'services', 'secrets', 'volumes'];
/** What docker-compose.yml may hold: a key that is misspelt, or that no test knows of, is refused. */
const compose = z
  .looseObject({
    name: z.string(),
    services: z.record(z.string(), service),
    secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
    volumes: z.record(z.string(), z.null()),
  })
  .refine((file) => Object.keys(file).every((key) => PARTS.includes(key) || key.startsWith('x-')), 'an unknown part');

export type Service = z.infer<typeof service>;
export type Compose = z.infer<typeof compose>;

/** docker-compose.yml as Docker Compose reads it. Throws where its shape is another. */
export function readCompose(text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')): Compose {
  return compose.parse(parse(text, { merge: true }));
}

export function servicesLike(file: Compose, name: RegExp): readonly (readonly [name: string, service: Service])[] {
  return Object.entries(file.services).filter(([each]) => name.test(each));
}

/** `127.0.0.1:HOST:CONTAINER`, the only form of a port that we use. */
export function publishedPort(port: string): { readonly host: number; readonly container: number } {
  const [, host, container] = /^127\.0\.0\.1:(\d+):(\d+)$/.exec(port) ?? [];
  if (container === undefined) throw new Error(`${port} is published beyond loopback, or in another form`);
  return { host: Number(host), container: Number(container) };
}

/** Where it is put into the container, by what is put there. */
export function mounts({ volumes }: Service): ReadonlyMap<string, string> {
  return new Map(volumes.map((each) => each.split(':', 2) as [string, string]));
}

export function seconds(text: string): number {
  return Number(text.slice(0, -1));
}
