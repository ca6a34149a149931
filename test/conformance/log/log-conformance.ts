import { describe } from 'vitest';
import { commitCases } from './commit-cases.ts';
import { groupCases } from './group-cases.ts';
import type { OpenLog } from './log-under-test.ts';
import { pollCases } from './poll-cases.ts';
import { recordCases } from './record-cases.ts';
import { resetCases } from './reset-cases.ts';
import { retentionCases } from './retention-cases.ts';

/** What every adapter of the port src/log/log.ts must show. */
export function logConformance(name: string, open: OpenLog): void {
  describe(`${name}: records`, () => recordCases(open));
  describe(`${name}: commits`, () => commitCases(open));
  describe(`${name}: groups`, () => groupCases(open));
  describe(`${name}: poll`, () => pollCases(open));
  describe(`${name}: resets`, () => resetCases(open));
  describe(`${name}: retention`, () => retentionCases(open));
}
