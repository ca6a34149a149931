import { codeText } from './code-text.ts';
import { isIn } from './imports.ts';
import { type Exception, type SourceFile, type Violation, violationsOf } from './source-file.ts';

/** Files outside src/app that read a clock or randomness of the machine, and why they may. */
export const clockExceptions: readonly Exception[] = [];

const clocks =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bnew Date\b(?!\s*[(.<\w])|(?<![\w.]|new )\bDate\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b|\bprocess\.hrtime\b/g;
const bareErrors = /\b(?:new|throw)\s+(?:\w+\.)?(?:Aggregate|Eval|Range|Reference|Syntax|Type|URI)?Error\s*\(/g;
// XXX alone is also a currency code of ISO 4217, so it counts only where it opens a note.
const leftovers = /\b(?:TODO|FIXME)\b|(?:\/\/|\*|--|#)\s*XXX\b|\bXXX:/g;

/** Time and randomness in the core that did not come through a constructor. `new Date(value)` is only a conversion. */
export function clockViolations(file: SourceFile): readonly Violation[] {
  if (!isIn(file.path, 'src') || isIn(file.path, 'src/app') || !file.path.endsWith('.ts')) return [];
  if (clockExceptions.some((each) => each.path === file.path)) return [];
  return violationsOf(file.path, codeText(file.text, 'code'), clocks, (found) => `${found} in the core: take a Clock`);
}

/** Errors without a code. */
export function bareErrorViolations(file: SourceFile): readonly Violation[] {
  if (!['src', 'topologies'].some((folder) => isIn(file.path, folder)) || !file.path.endsWith('.ts')) return [];
  return violationsOf(file.path, codeText(file.text, 'code'), bareErrors, (found) => `${found}: use HeadraceError`);
}

/** Notes about work that was not done. */
export function leftoverViolations(file: SourceFile): readonly Violation[] {
  if (!/\.(ts|mjs|sql|md)$/.test(file.path) || isIn(file.path, 'test/tidy')) return [];
  return violationsOf(file.path, file.text, leftovers, (found) => `${found} left in`);
}
