import { describe } from 'vitest';
import { commitCases } from './commit-cases.ts';
import { groupCases } from './group-cases.ts';
import type { OpenLog } from './log-under-test.ts';
import { pollCases } from './poll-cases.ts';
import { readerCases } from './reader-cases.ts';
import { recordCases } from './record-cases.ts';
import { resetCases } from './reset-cases.ts';
import { retentionCases } from './retention-cases.ts';
import { stateCases } from './state-cases.ts';

/** What every adapter of the port src/log/log.ts must show. */
export function logConformance(name: string, open: OpenLog, { isRemote = false } = {}): void {
  describe(`${name}: records`, () => recordCases(open));
  describe(`${name}: commits`, () => commitCases(open));
  describe(`${name}: state`, () => stateCases(open));
  describe(`${name}: readers`, () => readerCases(open));
  describe(`${name}: groups`, () => groupCases(open));
  describe(`${name}: poll`, () => pollCases(open));
  describe(`${name}: resets`, () => resetCases(open));
  // Brokers delete and compact by themselves.
  if (!isRemote) describe(`${name}: retention`, () => retentionCases(open));
}
