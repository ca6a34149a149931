import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { maskCardNumbers } from '../privacy/card-numbers.ts';

/** What the app and its engine log through. */
export interface AppLogger {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Logs to `headrace.log` in the data directory, with what looks like a card number masked (design D15). */
export function openLogger(dataDirectory: string, level = process.env.HEADRACE_LOG_LEVEL ?? 'info'): AppLogger {
  mkdirSync(dataDirectory, { recursive: true });
  const destination = pino.destination({ dest: join(dataDirectory, 'headrace.log'), sync: true });
  const masking = { write: (line: string) => void destination.write(maskCardNumbers(line)) };
  return pino({ level, base: { pid: process.pid }, errorKey: 'error' }, masking);
}

/** Says nothing; for tests and short commands. */
export const silentLogger: AppLogger = { info() {}, warn() {}, error() {} };
