import { isSymbol, isWord, type Token } from './sql-tokens.ts';

/** hasColumnInTable and joinGet name tables, and hosts, in texts; the others read files. */
const REFUSED: ReadonlySet<string> = new Set([
  'file',
  'catboostevaluate',
  'hascolumnintable',
  'joinget',
  'joingetornull',
]);

/** Functions that send text to outside services. */
const OUTSIDE = /^ai(classify|generate|embed|extract|translate|$)/;

/** Words behind which a parenthesis opens a list, a window or a condition rather than the arguments of a function. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'SELECT DISTINCT FROM JOIN WHERE PREWHERE HAVING QUALIFY BY ON USING IN AND OR NOT LIKE ILIKE BETWEEN IS AS OVER CASE WHEN THEN ELSE LIMIT EXCEPT'.split(
    ' ',
  ),
);

/** Whether a function that is no table function reads files, or reaches hosts or other tables. */
export function isRefusedFunction(name: string): boolean {
  return REFUSED.has(name.toLowerCase()) || OUTSIDE.test(name.toLowerCase());
}

/**
 * Whether the name at `i` may stand for the function itself, which the engine takes without a call: `arrayMap(file, paths)` and
 * `* APPLY(file)`. A column of that name is none behind its table (`t.file`), outside of arguments, and as the only argument.
 */
export function isPassedByName(tokens: readonly Token[], i: number): boolean {
  if (isSymbol(tokens[i - 1], '.') || isSymbol(tokens[i + 1], '.')) return false;
  let [before, behind] = [i - 1, afterAlias(tokens, i + 1)];
  while (isSymbol(tokens[before], '(') && isSymbol(tokens[behind], ')') && !opensArguments(tokens, before)) {
    before--;
    behind = afterAlias(tokens, behind + 1);
  }
  if (isWord(tokens[before], 'APPLY')) return true;
  if (isSymbol(tokens[before], '(') && isWord(tokens[before - 1], 'APPLY')) return true;
  const [isFirst, isLast] = [isSymbol(tokens[before], '('), isSymbol(tokens[behind], ')')];
  const isArgument = (isFirst || isSymbol(tokens[before], ',')) && (isLast || isSymbol(tokens[behind], ','));
  return isArgument && !(isFirst && isLast) && opensArguments(tokens, openedAt(tokens, before));
}

function afterAlias(tokens: readonly Token[], i: number): number {
  return isWord(tokens[i], 'AS') ? i + 2 : i;
}

/** The parenthesis that is open at `i`, or -1. */
function openedAt(tokens: readonly Token[], i: number): number {
  let depth = 1;
  for (let at = i; at >= 0; at--) {
    if (isSymbol(tokens[at], ')')) depth++;
    if (isSymbol(tokens[at], '(') && --depth === 0) return at;
  }
  return -1;
}

/** Whether the parenthesis at `at` stands behind the name of a function, or behind its parameters, and holds no query. */
function opensArguments(tokens: readonly Token[], at: number): boolean {
  const [name, first] = [tokens[at - 1], tokens[at + 1]];
  if (name === undefined || isWord(first, 'SELECT') || isWord(first, 'WITH')) return false;
  if (name.kind === 'word') return !KEYWORDS.has(name.text.toUpperCase());
  return name.kind === 'quoted' || isSymbol(name, ')') || isSymbol(name, '}');
}
