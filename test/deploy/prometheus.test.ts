import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openApi } from '../app/http/api/api-under-test.ts';
import { mounts, publishedPort, readCompose, servicesLike } from './compose.ts';
import { keysIn, makeKeys } from './make-keys.ts';
import { startOptions } from './options.ts';
import { scrapeJob } from './prometheus.ts';

const file = readCompose();
const job = scrapeJob();
const service = file.services.prometheus!;

it('Prometheus asks each instance of Headrace at its port, with the key that is mounted', () => {
  const { port } = startOptions([]);
  const [{ targets }] = job.static_configs;
  expect(targets).toEqual(servicesLike(file, /^headrace-/).map(([name]) => `${name}:${port}`));
  expect(job.authorization.credentials_file).toBe(`/run/secrets/${service.secrets[0]}`);
  expect(mounts(service).get('./deploy/prometheus.yml')).toBe('/etc/prometheus/prometheus.yml');
  const { host, container } = publishedPort(service.ports[0]!);
  expect([host, container]).toEqual([9090, 9090]);
  expect(service.healthcheck!.test.at(-1)).toBe(`http://127.0.0.1:${container}/-/ready`);
});

it('with that key, and only with a key, the metrics are there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-deploy-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  makeKeys(folder);
  const keys = keysIn(folder);
  const dataDirectory = join(folder, 'data');
  const api = await openApi({ runsEngine: false, dataDirectory, host: '127.0.0.2', apiKeysFile: keys.file });
  onTestFinished(() => api.close());
  const key = readFileSync(keys.of('prometheus'), 'utf8');
  const scraped = await api.get(job.metrics_path, { authorization: `${job.authorization.type} ${key}` });
  expect(scraped.status).toBe(200);
  // Prometheus 3 refuses an answer that does not say its format.
  expect(scraped.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(scraped.text).toContain('headrace_sink_records_lag');
  expect((await api.get(job.metrics_path)).status).toBe(401);
});
