import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openApi, payment } from '../app/http/api/api-under-test.ts';

/** The fuzzer of OpenAPI documents, from PyPI into an environment that is thrown away. */
const SCHEMATHESIS = 'schemathesis==4.32.5';
const INSTALL_MAX_MS = 90_000;
const RUN_MAX_MS = 60_000;
const EXAMPLES = 60;

const place = mkdtempSync(join(tmpdir(), 'headrace-schema-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** The command, or why there is none. $HEADRACE_SCHEMATHESIS names one that is installed. */
function schemathesis(): { readonly command: string } | { readonly missing: string } {
  const installed = process.env.HEADRACE_SCHEMATHESIS;
  if (installed !== undefined) return { command: installed };
  const environment = join(place, 'venv');
  const made = spawnSync('python3', ['-m', 'venv', environment], { timeout: INSTALL_MAX_MS });
  if (made.status !== 0) return { missing: 'python3 with venv is not there' };
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', SCHEMATHESIS];
  const added = spawnSync(join(environment, 'bin/python'), pip, { timeout: INSTALL_MAX_MS });
  const command = join(environment, 'bin/st');
  if (added.status !== 0 || !existsSync(command)) return { missing: `${SCHEMATHESIS} can't be installed` };
  return { command };
}

interface Run {
  readonly status: number | null;
  readonly said: string;
}

function run(command: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: place, timeout: RUN_MAX_MS, env: { ...process.env, NO_COLOR: '1' } });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.on('close', (status) => resolve({ status, said }));
  });
}

it('the API keeps to its OpenAPI document whatever is sent, and never fails', { timeout: 300_000 }, async (context) => {
  const fuzzer = schemathesis();
  if ('missing' in fuzzer) {
    context.skip(fuzzer.missing);
    return;
  }
  const api = await openApi({ dataDirectory: join(place, 'data') });
  try {
    // Something must be there for the routes that only ask.
    await api.post('/transactions', payment('0', '0', { amount: '1000.00' }));
    const withdrawal = { withdrawalId: '0', accountId: '0', terminalId: 'T', amount: '50.00', currency: 'EUR' };
    await api.post('/withdrawals', { ...withdrawal, requestedAt: '2026-01-01T00:00:00Z' });
    const retracted = { terminalId: 'T', status: 'RETRACTED', occurredAt: '2026-01-01T00:01:00Z' };
    await api.post('/withdrawals/0/dispense', retracted);
    await api.node.drain();
    const { status, said } = await run(fuzzer.command, [
      'run',
      `${api.address}/openapi.json`,
      // Some rules have no schema: what is blank, or looks like a card number. A batch is taken where one item of it can be.
      '--exclude-checks=positive_data_acceptance,negative_data_rejection',
      `--max-examples=${EXAMPLES}`,
      '--seed=4',
      '--warnings=off',
      '--no-color',
    ]);
    const shown = said.replaceAll(/(?:%[0-9A-F]{2}){20,}/g, '…').slice(0, 8_000);
    expect(status, shown).toBe(0);
    expect(said).toMatch(/\d{3,} generated/);
    const { text } = await api.get('/metrics');
    expect(text).not.toMatch(/http_response_status_code="5/);
  } finally {
    await api.close();
  }
});
