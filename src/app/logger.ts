import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { HeadraceError } from '../errors.ts';
import { maskCardNumbers } from '../privacy/card-numbers.ts';

/** What the app and its engine log through. */
export interface AppLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** What waits for a full disk at most, in bytes; what comes behind it is dropped. */
const WAITING_BYTES_MAX = 1024 * 1024;

/**
 * Logs to `headrace.log` in the data directory, with what looks like a card number masked (design D15). A log that can't
 * be written stops nobody: the books are more important, and their errors reach the user by themselves. Each line has
 * `fields` in it. Throws USAGE for a level that does not exist.
 */
export function openLogger(
  dataDirectory: string,
  level = process.env.HEADRACE_LOG_LEVEL ?? 'info',
  fields: Readonly<Record<string, unknown>> = {},
): AppLogger {
  checkLevel(level);
  const destination = openDestination(dataDirectory);
  if (destination === undefined) return silentLogger;
  const masking = { write: (line: string) => void destination.write(maskCardNumbers(line)) };
  return pino({ level, base: { pid: process.pid, ...fields }, errorKey: 'error' }, masking);
}

function checkLevel(level: string): void {
  const levels = [...Object.values(pino.levels.labels), 'silent'];
  if (levels.includes(level)) return;
  throw new HeadraceError('USAGE', `HEADRACE_LOG_LEVEL is ${level}; it can be ${levels.join(', ')}`);
}

function openDestination(dataDirectory: string): ReturnType<typeof pino.destination> | undefined {
  const path = join(dataDirectory, 'headrace.log');
  try {
    mkdirSync(dataDirectory, { recursive: true });
    const destination = pino.destination({ dest: path, sync: true, maxLength: WAITING_BYTES_MAX });
    destination.on('error', () => undefined);
    return destination;
  } catch (error) {
    process.stderr.write(`going on without ${path}: ${(error as Error).message}\n`);
    return undefined;
  }
}

/** Says nothing; for tests and short commands. */
export const silentLogger: AppLogger = { info() {}, warn() {}, error() {} };
