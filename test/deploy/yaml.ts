/** What a file of YAML holds. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

const KEY = /^("[^"]*"|'[^']*'|[^\s'"[\]{}&*#?|>@`%,:][^:#]*?|<<)\s*:(?:\s+(.*))?$/;

/**
 * Reads the plain part of YAML that our files keep to: mappings and sequences by indentation, sequences in brackets on one line, scalars on one
 * line, comments, anchors, aliases and merge keys. All else is refused, and so is what YAML's versions read differently, such as `yes`: what
 * is read here means the same to every reader. Throws with the line.
 */
export function readYaml(text: string): Yaml {
  return new YamlReader(linesOf(text)).document();
}

class YamlReader {
  readonly #lines: Line[];
  readonly #anchors = new Map<string, Yaml>();
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = [...lines];
  }

  document(): Yaml {
    const value = this.#block(0);
    const rest = this.#lines[this.#at];
    if (rest !== undefined) throw unreadable(rest, 'it is indented by other than its neighbours');
    return value;
  }

  /** What stands indented by at least so much from here on; null where nothing does. */
  #block(indentMin: number): Yaml {
    const line = this.#lines[this.#at];
    if (line === undefined || line.indent < indentMin) return null;
    return isItem(line) ? this.#sequence(line.indent) : this.#mapping(line.indent);
  }

  #sequence(indent: number): Yaml {
    const items: Yaml[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent && isItem(line); line = this.#lines[this.#at]) {
      const rest = line.text.slice(1).trimStart();
      const inner = indent + line.text.length - rest.length;
      if (KEY.test(rest) || rest.startsWith('- ')) {
        this.#lines[this.#at] = { ...line, indent: inner, text: rest };
        items.push(this.#block(inner));
      } else {
        this.#at++;
        items.push(this.#value(rest, line));
      }
    }
    return items;
  }

  #mapping(indent: number): Yaml {
    const own = new Map<string, Yaml>();
    const merged = new Map<string, Yaml>();
    for (let line = this.#lines[this.#at]; line?.indent === indent && !isItem(line); line = this.#lines[this.#at]) {
      const [, name, rest = ''] = KEY.exec(line.text) ?? [];
      if (name === undefined) throw unreadable(line, 'it is no "key: value"');
      const key = /^["']/.test(name) ? name.slice(1, -1) : name;
      if (own.has(key)) throw unreadable(line, `${key} stands there twice`);
      this.#at++;
      const value = this.#value(rest, line);
      if (key !== '<<') own.set(key, value);
      else
        for (const each of mappingsOf(value, line))
          for (const pair of each) if (!merged.has(pair[0])) merged.set(...pair);
    }
    return Object.fromEntries([...merged, ...own]);
  }

  /** What stands behind a key or a dash: on the same line, or indented below. */
  #value(text: string, line: Line): Yaml {
    const [, anchor, rest = ''] = /^&([\w-]+)(?:\s+(.*))?$/.exec(text) ?? [];
    if (anchor !== undefined) {
      const value = this.#value(rest, line);
      this.#anchors.set(anchor, value);
      return value;
    }
    if (text === '') return this.#block(line.indent + 1);
    const alias = /^\*([\w-]+)$/.exec(text)?.[1];
    if (alias === undefined) return text.startsWith('[') ? flowSequence(text, line) : scalar(text, line);
    const value = this.#anchors.get(alias);
    if (value === undefined) throw unreadable(line, `nothing before it has the anchor ${alias}`);
    return value;
  }
}

function isItem({ text }: Line): boolean {
  return text === '-' || text.startsWith('- ');
}

function mappingsOf(value: Yaml, line: Line): readonly (readonly [string, Yaml][])[] {
  const each = Array.isArray(value) ? value : [value];
  if (each.some((one) => one === null || typeof one !== 'object' || Array.isArray(one))) {
    throw unreadable(line, 'only mappings can be merged');
  }
  return each.map((one) => Object.entries(one as Readonly<Record<string, Yaml>>));
}

const FLOW_ITEM = /^\s*("(?:[^"\\])*"|'(?:[^']|'')*'|[^\s,'"[\]{}][^,'"[\]{}]*?)\s*(?:,|$)/;

function flowSequence(text: string, line: Line): Yaml {
  if (!text.endsWith(']')) throw unreadable(line, 'a sequence in brackets ends on its line');
  const items: Yaml[] = [];
  for (let rest = text.slice(1, -1).trim(); rest !== ''; ) {
    const item = FLOW_ITEM.exec(rest);
    if (item === null) throw unreadable(line, 'in brackets stand scalars with commas between them');
    items.push(scalar(item[1]!, line));
    rest = rest.slice(item[0].length);
  }
  return items;
}

function scalar(text: string, line: Line): Yaml {
  if (text.startsWith('"')) {
    if (!/^"[^"\\]*"$/.test(text)) throw unreadable(line, 'in double quotes stand neither quotes nor escapes');
    return text.slice(1, -1);
  }
  if (text.startsWith("'")) {
    if (!/^'(?:[^']|'')*'$/.test(text)) throw unreadable(line, 'the quote is not closed at the end');
    return text.slice(1, -1).replaceAll("''", "'");
  }
  if (/^[[\]{}&*?|>@`%!,]|: |:$| #/.test(text)) throw unreadable(line, `${text} is no plain scalar`);
  if (
    /^(?:y|n|yes|no|on|off|~)$/i.test(text) ||
    /^[\d:]+:\d+$/.test(text) ||
    /^[+-]?(?:0\d|0[xob]|\d+_|\.(?:\d|inf|nan))/i.test(text)
  ) {
    throw unreadable(line, `readers differ about ${text}: quote it`);
  }
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function linesOf(text: string): readonly Line[] {
  return text.split('\n').flatMap((whole, index) => {
    const content = withoutComment(whole).trimEnd();
    const line = { number: index + 1, indent: content.search(/\S/), text: content.trimStart() };
    if (/^ *\t/.test(whole)) throw unreadable({ ...line, text: whole }, 'a tab indents nothing');
    return line.text === '' ? [] : [line];
  });
}

/** A hash begins a comment at the start of a line and behind a space, except within quotes. */
function withoutComment(line: string): string {
  let quote: string | undefined;
  for (let index = 0; index < line.length; index++) {
    const char = line[index]!;
    const isFree = index === 0 || /[\s[,]/.test(line[index - 1]!);
    if (quote === undefined && char === '#' && (index === 0 || /\s/.test(line[index - 1]!)))
      return line.slice(0, index);
    if (quote === undefined && isFree && (char === '"' || char === "'")) quote = char;
    else if (char === quote) quote = undefined;
  }
  return line;
}

function unreadable({ number, text }: Line, why: string): Error {
  return new Error(`Line ${number}, ${JSON.stringify(text)}: ${why}`);
}
