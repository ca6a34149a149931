import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Ours: src/app/modules, or dist/src/app/modules. */
const OWN_SOURCES = fileURLToPath(new URL('../../', import.meta.url));
const FRAME = /(?:\(|at )(?:async )?(?:file:\/\/)?(\/[^()]*?|[A-Za-z]:\\[^()]*?):(\d+):(\d+)\)?$/;

/** The place nearest to where an error was thrown that is the user's own code: `FILE:LINE:COLUMN`. */
export function placeIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || typeof error.stack !== 'string') return undefined;
  for (const line of error.stack.split('\n')) {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined || isOurs(file)) continue;
    return `${file}:${row}:${column}`;
  }
  return undefined;
}

/** Packages, ours among them, and Node.js itself tell the user nothing of what to correct. */
function isOurs(file: string): boolean {
  return file.startsWith(OWN_SOURCES) || file.includes(`${sep}node_modules${sep}`);
}
