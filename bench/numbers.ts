/** A whole number of an option. Throws TypeError, which main tells as wrong usage. */
export function wholeNumber(name: string, text: string, { min = 1, max = Number.MAX_SAFE_INTEGER } = {}): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new TypeError(`--${name} is a whole number ${range}, not ${JSON.stringify(text)}`);
}
