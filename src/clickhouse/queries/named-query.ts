import { HeadraceError } from '../../errors.ts';
import { isParameterType, type ParameterValue, parameterText, type QueryParameter } from './parameter.ts';

/** A column of what a named query answers. */
export interface QueryColumn {
  readonly name: string;
  readonly description: string;
}

/** A file `sql/queries/NAME.sql`: a query with a name, which says in its head what it is, what it takes and what it answers. */
export interface NamedQuery {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** All that the head says of it. */
  readonly description: string;
  readonly parameters: readonly QueryParameter[];
  readonly columns: readonly QueryColumn[];
  /** The query without its head. */
  readonly sql: string;
}

const PLACEHOLDER = /\{(\w+):([^}]+)\}/g;
const PARAMETER = /^ {2}(\w+)(?: = ('[^']*'|\S+?))?(?: \((\d+)\.\.(\d+)\))?: (.+)$/;
const COLUMN = /^ {2}(\w+): (.+)$/;
const CONTINUED = /^ {4,}(.+)$/;

/**
 * Reads such a file. Each parameter stands once in the head and, with its type, in the query. Throws QUERY_FILE_INVALID,
 * naming the file and what does not agree.
 */
export function parseNamedQuery(name: string, source: string): NamedQuery {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const headEnd = lines.findIndex((line) => !line.startsWith('--'));
  const head = lines.slice(0, headEnd < 0 ? lines.length : headEnd).map((line) => line.slice('-- '.length));
  const sql = lines.slice(head.length).join('\n').trim();
  const parametersAt = head.indexOf('Parameters:');
  const columnsAt = head.indexOf('Columns:');
  if (parametersAt < 0 || columnsAt < parametersAt || sql === '') {
    throw invalid(
      name,
      "the head needs a description, 'Parameters:' and 'Columns:' in this order, and the query behind it",
    );
  }
  const description = head.slice(0, parametersAt).join(' ').trim();
  const types = typesOf(name, sql);
  const parameters = itemsOf(head.slice(parametersAt + 1, columnsAt)).map((line) => parameterOf(name, line, types));
  const names = new Set(parameters.map((parameter) => parameter.name));
  for (const placeholder of types.keys()) {
    if (!names.has(placeholder)) throw invalid(name, `the query takes ${placeholder}, which the head does not tell`);
  }
  const columns = itemsOf(head.slice(columnsAt + 1)).map((line) => {
    const [, column, told] = COLUMN.exec(line) ?? [];
    if (column === undefined || told === undefined) throw invalid(name, `the head's line '${line}' names no column`);
    return { name: column, description: told };
  });
  const summary = `${description.split('. ', 1)[0]!.replace(/\.$/, '')}.`;
  return { name, summary, description, parameters, columns, sql };
}

/**
 * What is given as the texts that ClickHouse reads, presets included. Throws PARAMETER_INVALID for what is unknown,
 * missing or of another type.
 */
export function parametersFor(
  query: NamedQuery,
  given: Readonly<Record<string, ParameterValue | undefined>>,
): Readonly<Record<string, string>> {
  const known = query.parameters.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new HeadraceError('PARAMETER_INVALID', `${query.name} has no such parameter: it takes ${known.join(', ')}`);
  }
  return Object.fromEntries(
    query.parameters.map((parameter) => {
      const value = given[parameter.name] ?? parameter.preset;
      if (value !== undefined) return [parameter.name, parameterText(parameter, value)];
      throw new HeadraceError('PARAMETER_INVALID', `${query.name} needs ${parameter.name}: ${parameter.description}`);
    }),
  );
}

function typesOf(name: string, sql: string): ReadonlyMap<string, string> {
  const types = new Map<string, string>();
  for (const [, placeholder, type] of sql.matchAll(PLACEHOLDER)) {
    const known = types.get(placeholder!) ?? type!;
    if (known !== type) throw invalid(name, `${placeholder} is ${known} in one place and ${type} in another`);
    if (!isParameterType(type)) throw invalid(name, `${placeholder} is of type ${type}, which no parameter is read as`);
    types.set(placeholder!, type);
  }
  return types;
}

function parameterOf(query: string, line: string, types: ReadonlyMap<string, string>): QueryParameter {
  const [, name, preset, min, max, description] = PARAMETER.exec(line) ?? [];
  if (name === undefined) throw invalid(query, `the head's line '${line}' names no parameter`);
  const type = types.get(name);
  if (type === undefined) throw invalid(query, `the head tells of ${name}, which the query does not take`);
  const bound = (text: string | undefined) => (text === undefined ? undefined : BigInt(text));
  const parameter = {
    name,
    type,
    description: description!,
    preset: preset?.replace(/^'(.*)'$/, '$1'),
    min: bound(min),
    max: bound(max),
  };
  if (parameter.preset !== undefined) parameterText(parameter, parameter.preset);
  return parameter;
}

/** One line for each item: those that go on, further to the right, are joined. */
function itemsOf(lines: readonly string[]): readonly string[] {
  const items: string[] = [];
  for (const line of lines) {
    const [, more] = CONTINUED.exec(line) ?? [];
    if (more !== undefined && items.length > 0) items.push(`${items.pop()} ${more}`);
    else if (line.trim() !== '') items.push(line);
  }
  return items;
}

function invalid(name: string, what: string): HeadraceError {
  return new HeadraceError('QUERY_FILE_INVALID', `sql/queries/${name}.sql can't be read: ${what}`, {
    where: { file: `${name}.sql` },
  });
}
