import { expect, test } from 'vitest';
import { exceptionOf, exceptionTail } from '../../../../src/app/http/clickhouse/exception.ts';

test.each([
  ['Code: 60. DB::Exception: Unknown table x. (UNKNOWN_TABLE)', 60, 404],
  ['Code: 47. DB::Exception: No (such) column. (UNKNOWN_IDENTIFIER) (version 26.7.2.1)', 47, 404],
  ['Code: 62. DB::Exception: Syntax error. (SYNTAX_ERROR) (version 26.7.2.1 (official build))', 62, 400],
  ['Inserting into t: Code: 497. DB::Exception: Not you. (ACCESS_DENIED)', 497, 403],
  ['Code: 159. DB::Exception: Timeout. (TIMEOUT_EXCEEDED)', 159, 408],
  ['Code: 202. DB::Exception: Too many. (TOO_MANY_SIMULTANEOUS_QUERIES)', 202, 503],
  ['Code: 395. DB::Exception: Thrown', 395, 500],
  // A name in the middle of a text is not the error's.
  ["Code: 395. DB::Exception: '(UNKNOWN_TABLE)' was thrown. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO)", 395, 500],
])('%s', (message, code, status) => {
  expect(exceptionOf(new Error(message))).toEqual({ code, status, text: message.slice(message.indexOf('Code:')) });
});

test('an error that is not ClickHouse’s looks like one', () => {
  expect(exceptionOf('no disk')).toEqual({
    code: 1001,
    status: 500,
    text: 'Code: 1001. DB::Exception: no disk (STD_EXCEPTION)',
  });
});

test('the tail counts bytes, its line end among them', () => {
  const tail = exceptionTail({ code: 1, status: 500, text: 'é' }, 'tag');
  expect(tail).toBe('\r\n__exception__\r\ntag\r\né\n3 tag\r\n__exception__\r\n');
});
