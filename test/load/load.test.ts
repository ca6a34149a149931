import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runLoad } from './load-run.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'headrace-load-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

it('finds every 202 posted or refused, though the process was killed in between', { timeout: 120_000 }, async () => {
  const report = await runLoad({
    dataDirectory: join(place, 'killed'),
    seconds: 3,
    connections: 20,
    batch: 1,
    kills: 1,
  });
  expect(report.lost).toEqual([]);
  expect(report.wrong).toEqual([]);
  expect(report.accepted).toBeGreaterThan(100);
  expect(report.posted + report.refused).toBe(report.accepted);
  expect(report.refused).toBeGreaterThan(0);
  expect(report.brokenConnections).toBeGreaterThan(0);
  expect(Object.keys(report.statuses)).toEqual(['202']);
  const { posted = 0, refused = 0 } = report.lookedUpAtOnce;
  expect(posted + refused).toBe(Math.min(100, report.accepted));
});

it('refuses with 429 beyond the rate, and loses none of what it has taken', { timeout: 120_000 }, async () => {
  const report = await runLoad({
    dataDirectory: join(place, 'limited'),
    seconds: 2,
    connections: 10,
    batch: 1,
    kills: 0,
    serverArgs: ['--rate-limit', '200'],
  });
  expect(report.statuses['429']).toBeGreaterThan(0);
  expect(Object.keys(report.statuses)).toEqual(['202', '429']);
  expect(report.accepted).toBeGreaterThan(100);
  expect(report.accepted).toBeLessThan(200 * 5);
  expect([report.lost, report.wrong]).toEqual([[], []]);
});
