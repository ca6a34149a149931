import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../tidy/source-file.ts';

/** One instruction: its name, its flags (`--from=build`), and what follows as it stands. */
export interface Instruction {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What stands from one FROM to the next. */
export interface Stage {
  readonly image: string;
  /** Empty for the last one. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

const KNOWN = /^(?:WORKDIR|COPY|RUN|USER|VOLUME|ENV|EXPOSE|HEALTHCHECK|ENTRYPOINT|CMD)$/;

/** The stages of the Dockerfile. Throws for what the tests do not know, so that nothing in it goes untested. */
export function readDockerfile(text = readFileSync(join(root, 'Dockerfile'), 'utf8')): readonly Stage[] {
  const stages: { image: string; name: string; instructions: Instruction[] }[] = [];
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  for (const line of lines) {
    const from = /^FROM (\S+)(?: AS (\w+))?$/.exec(line);
    if (from !== null) {
      stages.push({ image: from[1]!, name: from[2] ?? '', instructions: [] });
      continue;
    }
    const [, name = '', flags = '', rest = ''] = /^([A-Z]+) ((?:--[\w-]+=\S+ )*)(.+)$/.exec(line) ?? [];
    if (!KNOWN.test(name) || line.endsWith('\\')) throw new Error(`The tests do not know ${line}`);
    const pairs = [...flags.matchAll(/--([\w-]+)=(\S+)/g)].map(([, flag, value]) => [flag!, value!] as const);
    stages.at(-1)!.instructions.push({ name, flags: Object.fromEntries(pairs), text: rest });
  }
  return stages;
}

export function instructionsOf({ instructions }: Stage, name: string): readonly Instruction[] {
  return instructions.filter((each) => each.name === name);
}

/** The one instruction of this name. */
export function theInstruction(stage: Stage, name: string): Instruction {
  const [only, ...others] = instructionsOf(stage, name);
  if (only === undefined || others.length > 0) throw new Error(`There is not one ${name}`);
  return only;
}

/** `["a", "b"]`: run without a shell, so that signals come to the process itself. Throws for the form with a shell. */
export function execForm(text: string): readonly string[] {
  return JSON.parse(text) as readonly string[];
}

/** `A=1 B=2`. */
export function variablesOf(stage: Stage): Readonly<Record<string, string>> {
  const pairs = instructionsOf(stage, 'ENV').flatMap(({ text }) => text.split(' ').map((each) => each.split('=', 2)));
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Whether a path of the repository is sent to the builder: .dockerignore leaves out all but what begins with `!`. */
export function isSent(path: string, ignore = readFileSync(join(root, '.dockerignore'), 'utf8')): boolean {
  const [first, ...kept] = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== '*' || kept.some((line) => !/^![\w.-]+$/.test(line))) throw new Error('.dockerignore has another form');
  return kept.some((line) => path === line.slice(1) || path.startsWith(`${line.slice(1)}/`));
}
