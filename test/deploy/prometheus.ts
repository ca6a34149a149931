import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { root } from '../tidy/source-file.ts';

const duration = z.string().regex(/^\d+s$/);
const job = z.strictObject({
  job_name: z.string(),
  metrics_path: z.string(),
  authorization: z.strictObject({ type: z.literal('Bearer'), credentials_file: z.string() }),
  static_configs: z.tuple([z.strictObject({ targets: z.array(z.string()) })]),
});
const settings = z.strictObject({
  global: z.strictObject({ scrape_interval: duration, scrape_timeout: duration }),
  scrape_configs: z.tuple([job]),
});

/** The one job of deploy/prometheus.yml. Throws where the file has another shape. */
export function scrapeJob(): z.infer<typeof job> {
  const text = readFileSync(join(root, 'deploy/prometheus.yml'), 'utf8');
  return settings.parse(parse(text)).scrape_configs[0];
}
