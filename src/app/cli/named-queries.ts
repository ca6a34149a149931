import type { Question } from '../../clickhouse/queries/ask.ts';
import { type NamedQuery, parametersFor } from '../../clickhouse/queries/named-query.ts';
import { expectedOf } from '../../clickhouse/queries/parameter.ts';
import { namedQuery } from '../../clickhouse/queries/registry.ts';
import { HeadraceError } from '../../errors.ts';

/**
 * The question that `--name` and `--param name=value` ask. Throws QUERY_UNKNOWN, PARAMETER_INVALID, and USAGE for a
 * parameter that is no name and value or is given twice.
 */
export function questionOf(name: string, given: readonly string[]): Question & { parameters: Record<string, string> } {
  const parameters: Record<string, string> = {};
  for (const text of given) {
    const [, parameter, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
    if (parameter === undefined || value === undefined) {
      throw new HeadraceError('USAGE', `Write a parameter as name=value, as in --param account=A-1`);
    }
    if (Object.hasOwn(parameters, parameter)) throw new HeadraceError('USAGE', `--param ${parameter} is given twice`);
    parameters[parameter] = value;
  }
  // Judged before the data directory is opened.
  parametersFor(namedQuery(name), parameters);
  return { name, parameters };
}

/** The named queries as `--list` shows them to people. */
export function listText(queries: readonly NamedQuery[]): string {
  return queries.map(queryText).join('\n');
}

function queryText({ name, summary, parameters }: NamedQuery): string {
  const lines = parameters.map((parameter) => {
    const { name: parameterName, preset, description } = parameter;
    const shown = preset === '' ? "''" : preset;
    return `    ${parameterName}${shown === undefined ? '' : ` = ${shown}`}: ${description} (${expectedOf(parameter)})\n`;
  });
  return `${name}\n  ${summary}\n${lines.join('')}`;
}
