import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type ServeOptionValues, serveApiOptions, withServeOptions } from '../../../src/app/cli/serve-options.ts';

const parsed = (...args: string[]) =>
  withServeOptions(new Command().exitOverride()).parse(args, { from: 'user' }).opts<ServeOptionValues>();

describe('options of serving', () => {
  it('come from the command line, else from the environment', () => {
    const environment = {
      HEADRACE_HOST: '::1',
      HEADRACE_API_KEYS: 'keys',
      HEADRACE_TLS_CERT: 'c',
      HEADRACE_TLS_KEY: 'k',
    };
    expect(serveApiOptions(parsed(), {})).toEqual({ host: undefined, apiKeysFile: undefined });
    expect(serveApiOptions(parsed(), environment)).toEqual({
      host: '::1',
      apiKeysFile: 'keys',
      tls: { certificate: 'c', key: 'k' },
    });
    expect(
      serveApiOptions(parsed('--host', '0.0.0.0', '--rate-limit', '7', '--api-keys', 'mine'), environment),
    ).toEqual({
      host: '0.0.0.0',
      apiKeysFile: 'mine',
      tls: { certificate: 'c', key: 'k' },
      limits: { requestsPerSecond: 7, burst: 7 },
    });
  });

  it('are refused for half of TLS', () => {
    expect(() => serveApiOptions(parsed('--tls-key', 'k'), {})).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
