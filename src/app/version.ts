import { readFileSync } from 'node:fs';

/** package.json stands two folders up from src/app, three from dist/src/app. */
const HERE = new URL('.', import.meta.url);
const PACKAGE = new URL(
  HERE.pathname.endsWith('/dist/src/app/') ? '../../../package.json' : '../../package.json',
  HERE,
);

/** Of this Headrace. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { readonly version: string }).version;
}
