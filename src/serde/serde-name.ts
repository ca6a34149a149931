import type { Serde } from './serde.ts';

/** The name of a serde around another, such as `time-windowed(string)`; none where the inner one has none. To be spread. */
export function nameAround(form: string, { name }: Pick<Serde<never>, 'name'>): { readonly name?: string } {
  return name === undefined ? {} : { name: `${form}(${name})` };
}
