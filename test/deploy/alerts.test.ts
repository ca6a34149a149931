import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Metrics } from '../../src/app/http/api/metrics.ts';
import { notStarted } from '../../src/app/node.ts';
import { documentedCodes } from '../tidy/error-codes.ts';
import { root } from '../tidy/source-file.ts';
import { mounts, readCompose } from './compose.ts';
import { ALERTS_FILE, ALERTS_MOUNT, alertRules, ruleFiles } from './prometheus.ts';

const page = readFileSync(join(root, 'docs/OPERATIONS.md'), 'utf8');
const errors = readFileSync(join(root, 'docs/ERRORS.md'), 'utf8');
const alerts = alertRules();

/** Name to type of all that /metrics shows. */
async function metrics(): Promise<ReadonlyMap<string, string>> {
  const text = await new Metrics(
    async () => notStarted,
    () => 0,
  ).text();
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));
}

const isOfTheProcess = (name: string) => /^(process|nodejs)_/.test(name);
/** Words of PromQL that are no metrics. */
const WORDS = /^(and|or|unless|by|without|sum|rate|increase|changes|deriv|delta|histogram_quantile)$/;
/** The metrics of an expression: names outside of braces, brackets and lists of labels. */
function metricsIn(expr: string): readonly string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, ' ');
  return [...bare.matchAll(/[a-zA-Z_][a-zA-Z0-9_]*/g)].map(([name]) => name).filter((name) => !WORDS.test(name));
}

it('finds metrics in expressions, and nothing else', () => {
  expect(metricsIn('sum by (instance, le) (rate(a_total{code=~"5.."}[5m])) / b > 0.05 and deriv(c[10m]) == 1')).toEqual(
    ['a_total', 'b', 'c'],
  );
});

it('the page has every metric, and no other', async () => {
  const known = [...(await metrics()).keys()].filter((name) => !isOfTheProcess(name));
  const told = [...page.matchAll(/^\| `([a-z0-9_]+)(?:\{[^}]*\})?` \|/gm)].map(([, name]) => name!);
  expect(told.toSorted()).toEqual(known.toSorted());
});

it('every alert is of metrics that there are', async () => {
  const known = await metrics();
  for (const { alert, expr } of alerts) {
    const names = metricsIn(expr);
    expect(names.length, alert).toBeGreaterThan(0);
    for (const name of names) {
      const base = name.replace(/_(bucket|count|sum)$/, '');
      const isThere = name === 'up' || known.has(name) || known.get(base) === 'histogram';
      expect(isThere, `${alert}: ${name}`).toBe(true);
    }
  }
});

it('labels of alerts are labels of their metrics', async () => {
  const source = ['metrics.ts', 'stream-metrics.ts', 'generic-sink-metrics.ts']
    .map((file) => readFileSync(join(root, 'src/app/http/api', file), 'utf8'))
    .join();
  for (const { alert, expr } of alerts) {
    for (const [, label] of expr.matchAll(/[{,]\s*([a-z_]+)=/g)) {
      expect(label === 'job' || source.includes(`'${label}'`), `${alert}: ${label}`).toBe(true);
    }
    for (const [, code] of expr.matchAll(/code="([A-Z_]+)"/g)) {
      expect(
        documentedCodes(errors).map((each) => each.code),
        alert,
      ).toContain(code);
    }
  }
});

it('every alert has one name, and a section of the page that says what to do', () => {
  const names = alerts.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  const sections = [...page.matchAll(/^### (Headrace[A-Za-z]+)$/gm)].map(([, name]) => name!);
  expect(sections.toSorted()).toEqual(names.toSorted());
  for (const { alert, annotations } of alerts) {
    expect(annotations.runbook).toBe(`docs/OPERATIONS.md#${alert.toLowerCase()}`);
  }
});

it('Prometheus finds the rules where its configuration names them', () => {
  expect(ruleFiles()).toEqual(['alerts.yml']);
  expect(mounts(readCompose().services.prometheus!).get(ALERTS_FILE)).toBe(ALERTS_MOUNT);
});

it('the page has steps for every error code of operations', () => {
  const sections = ['Log and storage', 'Backups', 'Apache Kafka', 'ClickHouse'];
  const text = sections.map((name) => errors.split(`## ${name}\n`)[1]!.split('\n## ')[0]).join('\n');
  const others = [
    'WORKER_STUCK',
    'TOPOLOGY_CHANGED',
    'PARKED_KEYS_FULL',
    'SCHEMA_UNAVAILABLE',
    'NOT_RUNNING',
    'REMOTE_FAILED',
  ];
  const codes = [...documentedCodes(text).map(({ code }) => code), ...others];
  expect(codes.length).toBeGreaterThan(35);
  expect(codes.filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  // And none that is not there.
  const known = documentedCodes(errors).map(({ code }) => code);
  const told = [...page.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code!);
  expect(told.filter((code) => !known.includes(code) && !code.startsWith('HEADRACE_'))).toEqual([]);
});
