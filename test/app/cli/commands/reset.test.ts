import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTopicFormats } from '../../../../src/app/formats/open-topic-formats.ts';
import { serveControl } from '../../../../src/app/http/control-server.ts';
import type { LocalNode } from '../../../../src/app/local-node.ts';
import { RemoteNode } from '../../../../src/app/remote-node.ts';
import { LEDGER, systemsOf } from '../../../../src/app/systems.ts';
import type { ResetReport } from '../../../../src/runtime/reset/reset-request.ts';
import { Worker } from '../../../../src/runtime/worker.ts';
import { openLog } from '../../../embedded-log.ts';
import { openTemporaryNode, temporaryData, transaction } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

let data: string;

/** A data directory in which the ledger has posted three transactions; ClickHouse is not needed for it. */
beforeEach(async () => {
  data = temporaryData();
  const node = await openTemporaryNode(data);
  await node.append([transaction('A', 't1'), transaction('A', 't2'), transaction('B', 't3')]);
  await node.close();
  await work();
});

async function work(): Promise<void> {
  const log = openLog(data);
  const { valueSerde, close } = await openTopicFormats({ format: 'avro', clock: Date.now });
  const { topology } = systemsOf({ valueSerde }).find(({ application }) => application === LEDGER)!;
  const worker = new Worker({ log, topology, application: LEDGER, clock: Date.now, commitIntervalMs: 5 });
  const running = worker.run();
  await Promise.race([worker.idle(), running]);
  worker.stop();
  await running;
  await log.close();
  close();
}

/** What the ledger has written and keeps. */
async function books(): Promise<{ readonly postedCount: number; readonly sequences: readonly string[] }> {
  const node = await openTemporaryNode(data);
  const posted = (await node.watermarks('ledger.transactions')).reduce((sum, { end }) => sum + end, 0);
  const accounts = [...(await node.accounts(0)), ...(await node.accounts(1))];
  await node.close();
  return {
    postedCount: posted,
    sequences: accounts.map(({ accountId, sequence }) => `${accountId} ${sequence}`).sort(),
  };
}

const reset = (...args: readonly string[]) => runCommand('reset', LEDGER, ...args, '--data', data);

describe('headrace reset', () => {
  it('tells in a dry run what would be done, and does it with --execute', async () => {
    const dry = await reset('--to-earliest', '--topic', 'transactions');
    expect(dry).toMatchObject({ code: 0, err: '' });
    expect(dry.out).toMatch(/^account-ledger would be reset so \(--execute does it\):\n {2}transactions-0 /);
    expect(dry.out).toMatch(/transactions-\d +3 -> 0 +3 read again|transactions-\d +2 -> 0 +2 read again/);
    expect(dry.out).toContain(
      "Stores to be emptied: account-settings, accounts, transaction-identities, daily-summary, holds; and the engine's own: times, the plan\n",
    );
    expect(dry.out).toMatch(
      /Written again, for what was written is not taken back:\n(.*\n)* {2}ledger\.transactions\n/,
    );
    expect(await books()).toEqual({ postedCount: 3, sequences: ['A 2', 'B 1'] });

    const done = await reset('--to-earliest', '--execute');
    expect(done.out).toMatch(/^account-ledger is reset\. The next start goes on from here:\n/);
    expect(await books()).toEqual({ postedCount: 3, sequences: [] });
    await work();
    // The same books once more, and every outcome a second time.
    expect(await books()).toEqual({ postedCount: 6, sequences: ['A 2', 'B 1'] });
  });

  it('keeps the state where it is told to: the ledger then refuses what it has posted', async () => {
    const { code, out } = await reset('--by', '-10', '--keep-state', '--execute', '--topic', 'transactions');
    expect(code).toBe(0);
    expect(out).toContain('Stores that stay: account-settings, accounts');
    expect(out).toContain('Mind: The state stays, and records are processed again: aggregates will count them twice.');
    await work();
    expect(await books()).toEqual({ postedCount: 3, sequences: ['A 2', 'B 1'] });
  });

  it('answers as JSON, and takes a time', async () => {
    const { out } = await reset('--to-time', '2100-01-01T00:00:00Z', '--json');
    const report = JSON.parse(out) as ResetReport;
    expect(report).toMatchObject({ application: LEDGER, isExecuted: false, keepsState: false });
    expect(report.sources.every(({ rereads, from, to }) => rereads === 0 && (from ?? 0) <= to)).toBe(true);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['no direction', [], /Say where to/],
    ['two directions', ['--to-earliest', '--by', '1'], /Say where to/],
    ['a number that is none', ['--by', '1.5'], /whole number, such as -10/],
    ['a negative offset', ['--to-offset', '-1'], /whole number of at least 0/],
    ['a time without a zone', ['--to-time', '2026-01-01T00:00:00'], /RFC 3339 with a zone/],
    ['a time that is none', ['--to-time', '2026-13-01T00:00:00Z'], /RFC 3339 with a zone/],
    [
      'a topic of others',
      ['--to-latest', '--topic', 'balances'],
      /account-ledger does not read balances; it reads accounts, /,
    ],
  ])('refuses %s', async (_what, args, message) => {
    expect(await reset(...args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(message) });
  });

  it('refuses an application that is none', async () => {
    const refused = await runCommand('reset', 'lottery', '--to-earliest', '--data', data);
    expect(refused).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no application lottery; there are: account-ledger, atm-dispense, reconciliation/),
    });
  });
});

describe('through the process that owns the data directory', () => {
  let node: LocalNode;
  beforeEach(async () => {
    node = await openTemporaryNode(data);
  });
  afterEach(() => node.close());

  it('is told and done as well', async () => {
    const server = await serveControl(node, 0);
    const remote = new RemoteNode(server.address, server.token, node.formats);
    const request = { application: LEDGER, target: { kind: 'earliest' }, keepsState: false, executes: false } as const;
    expect(await remote.reset(request)).toEqual(await node.reset(request));
    expect(await remote.reset({ ...request, executes: true })).toMatchObject({ isExecuted: true });
    expect(await node.accounts(0)).toEqual([]);
    await expect(remote.reset({ ...request, application: 'lottery' })).rejects.toMatchObject({ code: 'USAGE' });
    await server.close();
  });

  it('is told, and refused, while its engine runs', async () => {
    const server = await serveControl(node, 0);
    const remote = new RemoteNode(server.address, server.token, node.formats);
    await node.drain();
    const request = { application: LEDGER, target: { kind: 'earliest' }, keepsState: false, executes: false } as const;
    expect(await remote.reset(request)).toMatchObject({ isExecuted: false });
    await expect(remote.reset({ ...request, executes: true })).rejects.toMatchObject({
      code: 'COMMIT_REFUSED',
      message: expect.stringMatching(/account-ledger is running; nothing was reset\. End its process/),
    });
    expect([...(await node.accounts(0)), ...(await node.accounts(1))]).toHaveLength(2);
    await server.close();
  }, 30_000);
});
