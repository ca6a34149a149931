import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { dataPlace, openApi } from '../app/http/api/api-under-test.ts';
import { root } from '../tidy/source-file.ts';
import { execForm, instructionsOf, isSent, readDockerfile, theInstruction, variablesOf } from './dockerfile.ts';
import { startOptions } from './options.ts';

const stages = readDockerfile();
const image = stages.at(-1)!;

describe('the Dockerfile', () => {
  it('stands on one Node.js that Headrace runs on, with glibc', () => {
    const [from, ...others] = new Set(stages.map((stage) => stage.image));
    expect(others).toEqual([]);
    const [, major, minor] = /^node:(\d+)\.(\d+)\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/.exec(from!)!.map(Number);
    const [, oldestMajor, oldestMinor] = /^>=(\d+)\.(\d+)$/.exec(packageJson.engines.node)!.map(Number);
    expect(major! * 1_000 + minor!).toBeGreaterThanOrEqual(oldestMajor! * 1_000 + oldestMinor!);
    // Even ones get long-term support.
    expect(major! % 2).toBe(0);
  });

  it('copies only what is there and is sent to the builder', () => {
    const names = new Set<string>();
    for (const stage of stages) {
      for (const { flags, text } of instructionsOf(stage, 'COPY')) {
        if (flags.from !== undefined) expect(names).toContain(flags.from);
        else
          for (const path of text.split(' ').slice(0, -1)) {
            expect([path, existsSync(join(root, path)), isSent(path)]).toEqual([path, true, true]);
          }
      }
      names.add(stage.name);
    }
  });

  it('sends the builder nothing that is not copied, above all no keys and no data', () => {
    const copied = stages.flatMap((stage) => instructionsOf(stage, 'COPY')).flatMap(({ text }) => text.split(' '));
    const ignore = readFileSync(join(root, '.dockerignore'), 'utf8');
    const sent = ignore.split('\n').filter((line) => line.startsWith('!'));
    expect(sent.map((line) => line.slice(1)).filter((path) => !copied.includes(path))).toEqual([]);
    const others = [
      'deploy/secrets/client-key',
      'data/headrace.log',
      '.git/config',
      'node_modules/lmdb/index.js',
      'test/random.test.ts',
    ];
    expect(others.filter((path) => isSent(path))).toEqual([]);
  });

  it('starts the command of the package as its own process, not as root', () => {
    expect(theInstruction(image, 'USER').text).toBe('node');
    const [node, script, ...rest] = execForm(theInstruction(image, 'ENTRYPOINT').text);
    expect([node, script, rest]).toEqual(['node', `/headrace/${packageJson.bin.headrace}`, []]);
    const [command, ...args] = execForm(theInstruction(image, 'CMD').text);
    expect(command).toBe('start');
    expect(startOptions(args).traffic).toBe(false);
    // The data directory belongs to that user before a volume takes its place.
    expect(instructionsOf(image, 'RUN').at(-1)!.text).toContain(`chown node:node ${variablesOf(image).HEADRACE_DATA}`);
  });

  it('exposes and checks the port that Headrace listens on, at a route that it has', () => {
    const { port } = startOptions([]);
    expect(theInstruction(image, 'EXPOSE').text).toBe(`${port}`);
    const { text, flags } = theInstruction(image, 'HEALTHCHECK');
    expect(Object.keys(flags)).toEqual(['interval', 'timeout', 'start-period', 'retries']);
    expect(healthCommand()).toContain(`'http://127.0.0.1:${port}/`);
    expect(text).toMatch(/^CMD \["node", "-e", /);
  });

  it('tells by its health check whether Headrace takes transactions', async () => {
    const place = dataPlace();
    onTestFinished(() => place.remove());
    const healthOf = async (runsEngine: boolean) => {
      const api = await openApi({ dataDirectory: place.data(`${runsEngine}`), runsEngine });
      const { status, stderr } = await run(healthCommand().replace('http://127.0.0.1:8080', api.address));
      await api.close();
      const { status: afterwards } = await run(healthCommand().replace('http://127.0.0.1:8080', api.address));
      return { status, stderr, afterwards };
    };
    expect(await healthOf(true)).toEqual({ status: 0, stderr: '', afterwards: 1 });
    expect(await healthOf(false)).toEqual({ status: 1, stderr: '', afterwards: 1 });
  });
});

function healthCommand(): string {
  return execForm(theInstruction(image, 'HEALTHCHECK').text.replace(/^CMD /, '')).at(-1)!;
}

/** Not waited for in one step: the server that is asked is in this process. */
function run(script: string): Promise<{ readonly status: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['-e', script], { timeout: 30_000 }, (_error, _out, stderr) =>
      resolve({ status: child.exitCode, stderr }),
    );
  });
}

describe('reading', () => {
  it.each(['ADD a b', 'RUN a \\', 'SHELL ["a"]', 'copy a b'])('refuses %s', (line) => {
    expect(() => readDockerfile(`FROM a\n${line}\n`)).toThrow('do not know');
  });

  it('of .dockerignore refuses what it would not understand', () => {
    expect(() => isSent('a', 'node_modules\n')).toThrow('another form');
    expect(() => isSent('a', '*\n!a/**\n')).toThrow('another form');
    expect(isSent('a/b', '*\n!a\n')).toBe(true);
    expect(isSent('ab', '*\n!a\n')).toBe(false);
  });
});
