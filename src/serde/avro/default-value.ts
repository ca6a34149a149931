import { amountIn } from './amounts.ts';
import { conversionOf, symbolText } from './logical-types.ts';
import { type AvroType, type PrimitiveType, schemaInvalid } from './schema.ts';

/**
 * Makes the default of a field that the writer did not have, as reading it would have made it: an amount is in units
 * still. A new value each time, since the caller may change it. Throws SCHEMA_INVALID for a default that is none of the type.
 */
export function defaultOf(type: AvroType, json: unknown, path: string): () => unknown {
  switch (type.kind) {
    case 'union':
      // The specification: a default is of the union's first branch.
      return defaultOf(type.branches[0]!, json, path);
    case 'null':
      if (json !== null) throw invalid(path);
      return () => undefined;
    case 'enum':
      if (!type.symbols.includes(json as string)) throw invalid(path);
      return () => symbolText(type, json as string);
    case 'array': {
      if (!Array.isArray(json)) throw invalid(path);
      const items = json.map((item) => defaultOf(type.items, item, `${path}[]`));
      return () => items.map((make) => make());
    }
    case 'map': {
      const entries = Object.entries(objectOf(json, path)).map(
        ([key, item]) => [key, defaultOf(type.values, item, `${path}[]`)] as const,
      );
      return () => Object.fromEntries(entries.map(([key, make]) => [key, make()]));
    }
    case 'record': {
      const object = objectOf(json, path);
      const fields = type.fields.map(({ name, type: inner, defaultValue }) => {
        const value = Object.hasOwn(object, name) ? object[name] : defaultValue;
        return [name, defaultOf(inner, value, `${path}.${name}`)] as const;
      });
      return () =>
        Object.fromEntries(fields.map(([name, make]) => [name, make()]).filter(([, value]) => value !== undefined));
    }
    case 'fixed':
      throw invalid(path);
    default:
      return primitiveDefault(type, json, path);
  }
}

function primitiveDefault(type: PrimitiveType, json: unknown, path: string) {
  if (amountIn(type) !== undefined) {
    // A decimal's default would be a text of bytes; no schema of ours has one.
    if (type.kind !== 'long' || !Number.isSafeInteger(json)) throw invalid(path);
    return () => json;
  }
  const conversion = conversionOf(type);
  if (conversion === undefined) throw invalid(path);
  try {
    conversion.toJson(json, path);
  } catch {
    throw invalid(path);
  }
  return () => conversion.toJson(json, path);
}

function objectOf(json: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw invalid(path);
  return json as Readonly<Record<string, unknown>>;
}

function invalid(path: string) {
  return schemaInvalid(`the default of ${path} is no value of its type`);
}
