import { expect, test } from 'vitest';
import { clientSettings } from '../../../src/clickhouse/connection/client-settings.ts';
import { readerSettings } from '../../../src/clickhouse/connection/sql-text.ts';

const OWN = { max_execution_time: 60, max_memory_usage: 1_000 };

test('a reader may lower its limits, and neither raise nor lift them', () => {
  const given = { max_execution_time: '5', max_memory_usage: '0', max_result_rows: '10' };
  expect(clientSettings(given, OWN)).toEqual({ max_execution_time: 5, max_memory_usage: 1_000, max_result_rows: 10 });
  expect(clientSettings({ max_execution_time: '3600' }, OWN)).toEqual({ max_execution_time: 60 });
  expect(clientSettings({ max_threads: '100000' }, OWN).max_threads).toBeLessThan(10_000);
  expect(() => clientSettings({ max_execution_time: 'for ever' }, OWN)).toThrow('Code: 72.');
  expect(() => clientSettings({ max_execution_time: '' }, OWN)).toThrow('Code: 72.');
});

test('how results are written is a reader’s own affair', () => {
  const given = {
    output_format_json_quote_64bit_integers: '0',
    join_use_nulls: '1',
    session_timezone: 'Europe/Prague',
  };
  expect(clientSettings(given, OWN)).toEqual(given);
});

test('our own connection may send all that it sends with a question', () => {
  const sent = Object.fromEntries(Object.entries(readerSettings(60)).map(([name, value]) => [name, String(value)]));
  expect(clientSettings(sent, OWN)).not.toHaveProperty('compile_aggregate_expressions');
});

test('what drivers always send is taken and left aside', () => {
  const given = { wait_end_of_query: '1', send_progress_in_http_headers: '1', readonly: '1', async_insert: '0' };
  expect(clientSettings(given, OWN)).toEqual({});
});

test.each([
  ['readonly', '0'],
  ['readonly', 'false'],
  ['output_format_schema', '/tmp/x'],
  ['format_schema', 'x.proto'],
  ['format_avro_schema_registry_url', 'http://127.0.0.1'],
  ['format_template_row', '/etc/passwd'],
  ['additional_table_filters', "{'t': 'file(1)'}"],
  ['allow_introspection_functions', '1'],
  ['max_bytes_before_external_sort', '1'],
  ['param_x', '1'],
  ['Output_Format_Json', '1'],
  ['a = 1, readonly', '0'],
])('%s = %s is refused as ClickHouse refuses it', (name, value) => {
  expect(() => clientSettings({ [name]: value }, OWN)).toThrow(
    `Code: 164. DB::Exception: Cannot modify '${name}' setting in readonly mode. (READONLY)`,
  );
});
