import { InvalidArgumentError } from 'commander';

/** A whole number from `min` to `max`, for commander's options. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** Gathers a repeatable option. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
