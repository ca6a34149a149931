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
  rule_files: z.array(z.string()),
  scrape_configs: z.tuple([job]),
});
const rule = z.strictObject({
  alert: z.string().regex(/^Headrace[A-Za-z]+$/),
  expr: z.string(),
  for: z
    .string()
    .regex(/^\d+m$/)
    .optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
  annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
});
const rules = z.strictObject({ groups: z.tuple([z.strictObject({ name: z.string(), rules: z.array(rule) })]) });

/** Where the alert rules are, and where Prometheus looks for them: beside its configuration. */
export const ALERTS_FILE = './deploy/prometheus/alerts.yml';
export const ALERTS_MOUNT = '/etc/prometheus/alerts.yml';

/** All alert rules. Throws where the file has another shape: Prometheus refuses to start with a key that it does not know. */
export function alertRules(): readonly z.infer<typeof rule>[] {
  return rules.parse(parse(readFileSync(join(root, ALERTS_FILE), 'utf8'))).groups[0].rules;
}

/** The files of rules that deploy/prometheus.yml names. */
export function ruleFiles(): readonly string[] {
  return settings.parse(parse(readFileSync(join(root, 'deploy/prometheus.yml'), 'utf8'))).rule_files;
}

/** The one job of deploy/prometheus.yml. Throws where the file has another shape. */
export function scrapeJob(): z.infer<typeof job> {
  const text = readFileSync(join(root, 'deploy/prometheus.yml'), 'utf8');
  return settings.parse(parse(text)).scrape_configs[0];
}
