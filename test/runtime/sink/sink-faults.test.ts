import { expect, test } from 'vitest';
import { HeadraceError } from '../../../src/errors.ts';
import { mayCommitAgain, mayPass, mustRejoin, pauseBeforeTry } from '../../../src/runtime/sink/sink-faults.ts';

test.each([
  // [error, rejoin, commit again, try the target again]
  [new HeadraceError('MEMBER_FENCED', ''), true, false, false],
  [new HeadraceError('COMMIT_UNKNOWN', '', { retriable: true }), true, false, false],
  [new HeadraceError('COMMIT_REFUSED', '', { retriable: true }), false, true, true],
  [new HeadraceError('STORAGE_FULL', '', { retriable: true }), false, true, true],
  [new HeadraceError('CLICKHOUSE_FAILED', '', { retriable: true }), false, false, true],
  [new HeadraceError('TABLE_MISMATCH', '', { retriable: true }), false, false, true],
  [new HeadraceError('CLICKHOUSE_FAILED', ''), false, false, false],
  [new HeadraceError('LOG_CORRUPT', ''), false, false, false],
  [new TypeError('a bug'), false, false, false],
])('%s', (error, rejoin, commits, passes) => {
  expect([mustRejoin(error), mayCommitAgain(error), mayPass(error)]).toEqual([rejoin, commits, passes]);
});

test('pauses double up to ten seconds, for ever', () => {
  expect([0, 1, 2, 6, 7, 8, 10_000].map(pauseBeforeTry)).toEqual([100, 200, 400, 6_400, 10_000, 10_000, 10_000]);
});
