import { expect, test } from 'vitest';
import { compiledModule } from '../src/compiled-module.ts';

test.each([
  ['file:///house/src/app/threads/who-asks.ts', 'file:///house/dist/src/app/threads/entry.js'],
  ['file:///house/dist/src/app/threads/who-asks.js', 'file:///house/dist/src/app/threads/entry.js'],
  ['file:///src/a%20house/src/clickhouse/who-asks.ts', 'file:///src/a%20house/dist/src/clickhouse/entry.js'],
])('beside %s', (here, entry) => {
  expect(compiledModule('entry', here).href).toBe(entry);
});
