import { expect, test } from 'vitest';
import { settingsText } from '../../../src/clickhouse/connection/sql-text.ts';

test('settings are written with their values quoted', () => {
  expect(settingsText({ max_threads: 1, log_comment: "it's", param_x: 'a\\b', param_y: 'a\0b' })).toBe(
    "max_threads = 1, log_comment = 'it\\'s', param_x = 'a\\\\b', param_y = 'a\\0b'",
  );
});

test.each(['param_x = 1, readonly', "param_x' , readonly", 'a b', '', '1'])('a name that would be SQL: %j', (name) => {
  expect(() => settingsText({ [name]: '0' })).toThrow(/^Code: 36\. .*\(BAD_ARGUMENTS\)/);
});
