import { fileURLToPath } from 'node:url';

/** sql/ stands in the package's root: two folders up from src/app, three from dist/src/app. */
const HERE = new URL('.', import.meta.url);
const ROOT = new URL(HERE.pathname.endsWith('/dist/src/app/') ? '../../../' : '../../', HERE);

/** Where ClickHouse's migrations are. */
export const MIGRATIONS = fileURLToPath(new URL('sql/', ROOT));
