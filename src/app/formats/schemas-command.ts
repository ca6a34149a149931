import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSchemas, type Finding, registerSchemas } from './schema-check.ts';
import { readSchemaFiles, registeredPath, registryPath } from './schema-files.ts';

const USAGE = `usage: npm run schemas -- check|register
  check     fails where a schema breaks what is registered, or is not registered
  register  gives changed schemas the next version and an id
`;

/** `npm run schemas`. Returns the exit code: 0 all is well, 1 something is not, 2 wrong usage. */
export function runSchemas(args: readonly string[], directory: string, write: (text: string) => void): number {
  const [command, ...rest] = args;
  if ((command !== 'check' && command !== 'register') || rest.length > 0) {
    write(USAGE);
    return 2;
  }
  // The first registration makes the registry.
  if (command === 'register' && !existsSync(registryPath(directory))) writeRegistry(directory, []);
  let findings: readonly Finding[];
  try {
    findings = checkSchemas(readSchemaFiles(directory));
  } catch (error) {
    write(`${(error as Error).message}\n`);
    return 1;
  }
  const broken = findings.filter(({ isRegistrable }) => command === 'check' || !isRegistrable);
  for (const { topic, message } of broken) write(`${topic}: ${message}\n`);
  if (broken.length > 0) {
    if (broken.every(({ isRegistrable }) => isRegistrable)) write('npm run schemas -- register registers them.\n');
    return 1;
  }
  return command === 'check' ? 0 : register(directory, write);
}

/** The files of the versions come first: a registry that names a missing file could not be read. */
function register(directory: string, write: (text: string) => void): number {
  const files = readSchemaFiles(directory);
  const entries = registerSchemas(files);
  const added = entries.slice(files.registered.length);
  mkdirSync(join(directory, 'registered'), { recursive: true });
  for (const entry of added) {
    const topic = entry.subject.replace(/-value$/, '');
    copyFileSync(join(directory, `${topic}.avsc`), registeredPath(directory, entry));
    write(`${topic}: version ${entry.version}, id ${entry.id}\n`);
  }
  if (added.length === 0) write('Every schema is registered.\n');
  else writeRegistry(directory, entries);
  return 0;
}

function writeRegistry(directory: string, entries: ReturnType<typeof registerSchemas>): void {
  const schemas = entries.map(({ id, subject, version, guid, fingerprint }) => ({
    id,
    subject,
    version,
    guid,
    fingerprint,
  }));
  writeFileSync(registryPath(directory), `${JSON.stringify({ schemas }, null, 2)}\n`);
}
