/** What to keep of a source: `code` blanks comments and the contents of strings, `codeAndStrings` comments only. */
export type Kept = 'code' | 'codeAndStrings';

/**
 * Blanks what is not code with spaces, so that line numbers stay. A small scanner, not a parser: whether a slash
 * begins a regular expression is judged by what stands before it.
 */
export function codeText(text: string, kept: Kept): string {
  let out = '';
  let index = 0;
  // Braces open in each template literal we are inside of, innermost last.
  const templates: number[] = [];
  const blank = (piece: string) => piece.replace(/[^\n]/g, ' ');
  const take = (end: number, isKept: boolean) => {
    const piece = text.slice(index, end);
    out += isKept ? piece : blank(piece);
    index = end;
  };
  const takeTemplateText = () => {
    const end = templateTextEnd(text, index);
    const isHole = text[end] === '$';
    take(end, kept === 'codeAndStrings');
    take(end + (isHole ? 2 : 1), true);
    if (isHole) templates.push(0);
  };
  while (index < text.length) {
    const char = text[index];
    const next = text[index + 1];
    if (char === '/' && next === '/') take(indexOrEnd(text, '\n', index), false);
    else if (char === '/' && next === '*') take(indexOrEnd(text, '*/', index + 2, 2), false);
    else if (char === "'" || char === '"') {
      const end = closingIndex(text, index, char);
      take(index + 1, true);
      take(end, kept === 'codeAndStrings');
      take(end + 1, true);
    } else if (char === '`') {
      take(index + 1, true);
      takeTemplateText();
    } else if (char === '/' && beginsRegularExpression(out)) {
      take(regularExpressionEnd(text, index), false);
    } else if (templates.length > 0 && char === '}' && templates.at(-1) === 0) {
      templates.pop();
      take(index + 1, true);
      takeTemplateText();
    } else {
      const depth = templates.length - 1;
      if (depth >= 0 && char === '{') templates[depth] = (templates[depth] ?? 0) + 1;
      if (depth >= 0 && char === '}') templates[depth] = (templates[depth] ?? 0) - 1;
      take(index + 1, true);
    }
  }
  return out;
}

function indexOrEnd(text: string, wanted: string, from: number, extra = 0): number {
  const found = text.indexOf(wanted, from);
  return found < 0 ? text.length : found + extra;
}

function closingIndex(text: string, start: number, quote: string): number {
  let index = start + 1;
  while (index < text.length && text[index] !== quote && text[index] !== '\n') index += text[index] === '\\' ? 2 : 1;
  return Math.min(index, text.length);
}

function templateTextEnd(text: string, start: number): number {
  let index = start;
  while (index < text.length && text[index] !== '`' && !(text[index] === '$' && text[index + 1] === '{')) {
    index += text[index] === '\\' ? 2 : 1;
  }
  return Math.min(index, text.length);
}

function beginsRegularExpression(before: string): boolean {
  return /(^|[([{,;=:!&|?+\->]|\b(return|case|typeof))\s*$/.test(before.slice(-200));
}

function regularExpressionEnd(text: string, start: number): number {
  let isInClass = false;
  for (let index = start + 1; index < text.length; index++) {
    const char = text[index];
    if (char === '\n') return index;
    if (char === '\\') index += 1;
    else if (char === '[') isInClass = true;
    else if (char === ']') isInClass = false;
    else if (char === '/' && !isInClass) return index + 1;
  }
  return text.length;
}
