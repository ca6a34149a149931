import type { NamedQuery } from '../clickhouse/queries/named-query.ts';
import { expectedOf } from '../clickhouse/queries/parameter.ts';

/** A named query as machines are told of it. */
export function queryJson({ name, summary, description, parameters, columns }: NamedQuery) {
  return {
    name,
    summary,
    description,
    parameters: parameters.map((parameter) => ({
      name: parameter.name,
      type: parameter.type,
      description: parameter.description,
      expected: expectedOf(parameter),
      ...(parameter.preset === undefined ? {} : { default: parameter.preset }),
    })),
    columns,
  };
}
