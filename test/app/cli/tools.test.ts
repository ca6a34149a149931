import { once } from 'node:events';
import { createServer } from 'node:net';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { servingTools, type ToolsOptionValues, withToolsOption } from '../../../src/app/cli/tools.ts';
import type { AppLogger } from '../../../src/app/logger.ts';
import { HeadraceError } from '../../../src/errors.ts';
import { freePorts } from '../../free-ports.ts';

/** A node whose ClickHouse is not needed: nobody asks for more than a ping. */
const node = { store: () => Promise.reject(new HeadraceError('CLICKHOUSE_FAILED', 'not opened')) };
const logger = { warn: () => undefined } as unknown as AppLogger;

let said = '';
beforeEach(() => {
  said = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const serve = <T>(options: ToolsOptionValues & { clickhouse?: string }, work: () => Promise<T>, environment = {}) =>
  servingTools(node, options, logger, work, environment);
const ping = async (port: number) => (await fetch(`http://127.0.0.1:${port}/ping`)).text();

test('it serves while the work goes on, and no longer', async () => {
  const [port] = (await freePorts(1)) as [number];
  expect(await serve({ clickhousePort: port }, () => ping(port))).toBe('Ok.\n');
  expect(said).toContain(`http://127.0.0.1:${port}`);
  await expect(ping(port)).rejects.toThrow();
  const failing = serve({ clickhousePort: port }, () => Promise.reject(new RangeError('work')));
  await expect(failing).rejects.toThrow('work');
  await expect(ping(port)).rejects.toThrow();
});

test('the port may stand in the environment; the option comes before it', async () => {
  const [port] = (await freePorts(1)) as [number];
  const environment = { HEADRACE_CLICKHOUSE_PORT: String(port) };
  expect(await serve({}, () => ping(port), environment)).toBe('Ok.\n');
  await serve({ clickhousePort: 'off' }, async () => expect(ping(port)).rejects.toThrow(), environment);
  await expect(serve({}, async () => 0, { HEADRACE_CLICKHOUSE_PORT: 'x' })).rejects.toMatchObject({ code: 'USAGE' });
});

test('with a server in its place it serves nothing', async () => {
  const [port] = (await freePorts(1)) as [number];
  const options = { clickhousePort: port, clickhouse: 'http://127.0.0.1:1' };
  await serve(options, async () => expect(ping(port)).rejects.toThrow());
  expect(said).toBe('');
});

describe('a port that is taken', () => {
  test('is an error where it was asked for', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const place = taken.address() as { readonly port: number };
    await expect(serve({ clickhousePort: place.port }, async () => 0)).rejects.toMatchObject({ code: 'USAGE' });
    taken.close();
  });

  test('is said where it is the usual one, and the work goes on', async () => {
    const taken = createServer();
    // Perhaps somebody else has it already, which is as good.
    taken.on('error', () => undefined).listen(8123, '127.0.0.1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await serve({}, async () => 'done')).toBe('done');
    expect(said).toMatch(/Port 8123 .* is taken.*--clickhouse-port; going on without/);
    taken.close();
  });
});

test.each(['-1', '65536', 'on', '1.5'])('--clickhouse-port %s is refused', (value) => {
  const command = withToolsOption(new Command('x'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  expect(() => command.parse(['--clickhouse-port', value], { from: 'user' })).toThrow();
});
