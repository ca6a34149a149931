/** The codes of the union in src/errors.ts, in its order. */
export function unionCodes(errorsSource: string): readonly string[] {
  const union = /export type ErrorCode =([^;]*);/.exec(errorsSource)?.[1] ?? '';
  return [...union.matchAll(/'([A-Z0-9_]+)'/g)].map((match) => match[1] ?? '');
}

/** A row of docs/ERRORS.md. */
export interface DocumentedCode {
  readonly code: string;
  readonly meaning: string;
  readonly action: string;
  readonly retriable: string;
}

export function documentedCodes(page: string): readonly DocumentedCode[] {
  return page.split('\n').flatMap((line) => {
    const cells = /^\| `([A-Z0-9_]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$/.exec(line);
    if (cells === null) return [];
    const [, code = '', meaning = '', action = '', retriable = ''] = cells.map((cell) => cell.trim());
    return [{ code, meaning, action, retriable }];
  });
}

/** What differs between union and page: codes on one side only, told twice, or told without words. */
export function errorCodeDifferences(errorsSource: string, page: string): readonly string[] {
  const union = unionCodes(errorsSource);
  const documented = documentedCodes(page);
  const codes = documented.map((each) => each.code);
  return [
    ...union.filter((code) => !codes.includes(code)).map((code) => `${code} is not in docs/ERRORS.md`),
    ...codes.filter((code) => !union.includes(code)).map((code) => `${code} is not in src/errors.ts`),
    ...codes.filter((code, index) => codes.indexOf(code) !== index).map((code) => `${code} is listed twice`),
    ...documented
      .filter((each) => each.meaning === '' || each.action === '' || !/^(yes|no|where|only)\b/.test(each.retriable))
      .map((each) => `${each.code} lacks a meaning, an action, or whether it is retriable`),
  ];
}
