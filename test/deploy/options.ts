import { startCommand } from '../../src/app/cli/commands/start.ts';
import { codeText } from '../tidy/code-text.ts';
import { repositoryFiles } from '../tidy/source-file.ts';

/** The HEADRACE_ variables that the code reads; what only comments and messages name does not count. */
export function variablesRead(): ReadonlySet<string> {
  const sources = repositoryFiles().filter(({ path }) => /^src\/.*\.ts$/.test(path));
  const names = sources.flatMap(({ text }) => [...codeText(text, 'code').matchAll(/\bHEADRACE_[A-Z_]+\b/g)]);
  return new Set(names.map(([name]) => name));
}

/** What `headrace start` makes of arguments: its options with their defaults. Throws for an option that it does not have. */
export function startOptions(args: readonly string[]): Readonly<Record<string, unknown>> {
  const command = startCommand({ clock: Date.now, exit: () => undefined }).exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  const { unknown, operands } = command.parseOptions([...args]);
  if (unknown.length > 0 || operands.length > 0)
    throw new Error(`start does not know ${[...unknown, ...operands].join(' ')}`);
  return command.opts();
}
