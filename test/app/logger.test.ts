import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLogger } from '../../src/app/logger.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'headrace-logger-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

it('logs JSON lines into the data directory, which it makes, with card numbers masked', () => {
  const data = join(path, 'new', 'data');
  openLogger(data).warn({ key: '4111 1111 1111 1111' }, 'about 4111111111111111');
  const text = readFileSync(join(data, 'headrace.log'), 'utf8');
  expect(JSON.parse(text)).toMatchObject({ level: 40, pid: process.pid, msg: 'about ************1111' });
  expect(text).not.toMatch(/4111[ -]?1111[ -]?1111[ -]?1111/);
});

it('stops nobody when it can not be written', () => {
  const file = join(path, 'file');
  writeFileSync(file, '');
  expect(() => openLogger(file).error({}, 'lost')).not.toThrow();
});

it('leaves out what lies below its level, and refuses a level that does not exist', () => {
  const logger = openLogger(path, 'warn');
  logger.info({}, 'left out');
  expect(readFileSync(join(path, 'headrace.log'), 'utf8')).toBe('');
  expect(() => openLogger(path, 'loud')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
