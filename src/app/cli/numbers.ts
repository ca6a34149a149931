import { InvalidArgumentError } from 'commander';

/** A whole number of at least `min`, for commander's options. */
export function wholeNumber(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${min}.`);
  };
}

/** Gathers a repeatable option. */
export function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
