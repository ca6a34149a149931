import { expect, test } from 'vitest';
import { insertError, leavesTokenInDoubt } from '../../../src/clickhouse/connection/insert-failure.ts';
import { HeadraceError } from '../../../src/errors.ts';

const said = (code: number, text: string) => new Error(`Code: ${code}. DB::Exception: ${text}`);
const VIEW = 'while pushing to view headrace.feed (0d0d)';

test.each([
  [said(469, 'Constraint `positive` for table headrace.x is violated at row 1'), 'SINK_ROW_REFUSED', false],
  [said(131, 'String too long for type FixedString(3)'), 'SINK_ROW_REFUSED', false],
  [said(407, 'Decimal overflow'), 'SINK_ROW_REFUSED', false],
  [said(252, 'Too many partitions for single INSERT block (more than 100)'), 'SINK_ROW_REFUSED', false],
  [said(252, 'Too many parts (3000). Merges are processing significantly slower'), 'CLICKHOUSE_FAILED', true],
  [said(241, 'Memory limit exceeded'), 'CLICKHOUSE_FAILED', true],
  [said(243, 'Cannot reserve 1.00 MiB, not enough space'), 'CLICKHOUSE_FAILED', true],
  [said(159, 'Timeout exceeded'), 'CLICKHOUSE_FAILED', true],
  [said(516, 'Authentication failed'), 'CLICKHOUSE_FAILED', false],
  [said(60, 'Table headrace.x does not exist'), 'TABLE_MISMATCH', true],
  [said(16, 'No such column a in table headrace.x'), 'TABLE_MISMATCH', true],
  [said(395, `broken: ${VIEW}`), 'VIEW_REFUSED', true],
  [said(469, `Constraint is violated: ${VIEW}`), 'VIEW_REFUSED', true],
  [said(60, `Table headrace.target does not exist: ${VIEW}`), 'VIEW_REFUSED', true],
  [said(60, "Target table 'headrace.target' of view 'headrace.feed' doesn't exists."), 'VIEW_REFUSED', true],
  [said(241, `Memory limit exceeded: ${VIEW}`), 'CLICKHOUSE_FAILED', true],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'CLICKHOUSE_FAILED', true],
])('%s is %s, retriable %s', (error, code, retriable) => {
  const failure = insertError(error, 'headrace.x');
  expect(failure).toMatchObject({ code, retriable });
  expect(failure.message).toContain('Inserting into headrace.x');
  expect(failure.message).toContain(error.message);
  if (code === 'VIEW_REFUSED')
    expect(failure.message).toMatch(/The (view headrace.feed|table 'headrace.target' of view) refuses/);
});

test('the code is found through the errors that it was wrapped in', () => {
  const wrapped = new HeadraceError('CLICKHOUSE_FAILED', 'writing', { retriable: true, cause: said(469, 'violated') });
  expect(insertError(wrapped, 'headrace.x').code).toBe('SINK_ROW_REFUSED');
});

test('only a failure of the engine in the middle leaves a token in doubt', () => {
  const inDoubt = (error: Error) => leavesTokenInDoubt(insertError(error, 'headrace.x'));
  expect(inDoubt(said(243, 'not enough space'))).toBe(true);
  expect(inDoubt(said(241, `memory: ${VIEW}`))).toBe(true);
  expect(inDoubt(said(395, `broken: ${VIEW}`))).toBe(false);
  expect(inDoubt(said(469, 'violated'))).toBe(false);
  expect(inDoubt(said(60, 'no table'))).toBe(false);
  // It may have come through, and its token tells.
  expect(inDoubt(new Error('socket hang up'))).toBe(false);
});
