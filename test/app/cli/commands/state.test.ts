import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTopicFormats } from '../../../../src/app/formats/open-topic-formats.ts';
import { serveControl } from '../../../../src/app/http/control-server.ts';
import { LocalNode } from '../../../../src/app/local-node.ts';
import { silentLogger } from '../../../../src/app/logger.ts';
import { RemoteNode } from '../../../../src/app/remote-node.ts';
import { systemsOf } from '../../../../src/app/systems.ts';
import { Worker } from '../../../../src/runtime/worker.ts';
import { openLog, temporaryDirectory } from '../../../embedded-log.ts';
import { incoming, openTemporaryNode, PARTITIONS, transaction, withdrawal } from '../../temporary-node.ts';
import { runCommand } from '../run-command.ts';

const directory = temporaryDirectory();
let data: string;

/** A data directory in which the systems have seen three transactions and a withdrawal; ClickHouse is not needed for it. */
beforeAll(async () => {
  data = join(directory.path, 'data');
  const node = await LocalNode.open({
    dataDirectory: data,
    clock: Date.now,
    logger: silentLogger,
    partitions: PARTITIONS,
  });
  const settings = incoming('accounts', 'B', { accountId: 'B', status: 'open' });
  await node.append([
    settings,
    transaction('A', 't1'),
    transaction('A', 't2'),
    transaction('B', 't3'),
    withdrawal('w1', 'A'),
  ]);
  await node.close();
  const log = openLog(data);
  const { valueSerde, close } = await openTopicFormats({ format: 'avro', clock: Date.now });
  for (const { application, topology } of systemsOf({ valueSerde })) {
    const worker = new Worker({ log, topology, application, clock: Date.now, commitIntervalMs: 5 });
    const running = worker.run();
    await Promise.race([worker.idle(), running]);
    worker.stop();
    await running;
  }
  await log.close();
  close();
});

afterAll(() => directory.remove());

const state = (...args: readonly string[]) => runCommand('state', ...args, '--data', data);
const rowsIn = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('headrace state', () => {
  it('lists the stores of all systems, or of one', async () => {
    const { code, out } = await state('list');
    expect(code).toBe(0);
    const listed = out
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/));
    expect(listed).toContainEqual(['account-settings', 'table', 'account-ledger']);
    expect(listed).toContainEqual(['accounts', 'keyValue', 'account-ledger']);
    expect(listed).toContainEqual(['deadlines', 'keyValue', 'reconciliation']);
    const one = rowsIn((await state('list', '--application', 'atm-dispense', '--json')).out);
    expect(one.map(({ store }) => store)).toEqual(['deadlines', 'withdrawals']);
  });

  it('gets the row of a key, of a table with its time', async () => {
    const [account] = rowsIn((await state('get', 'accounts', 'A')).out);
    expect(account).toMatchObject({ key: 'A', value: { sequence: 2, balances: { EUR: { booked: '2000' } } } });
    const [settings] = rowsIn((await state('get', 'account-settings', 'B')).out);
    expect(settings).toMatchObject({ key: 'B', timestamp: expect.stringMatching(/^20\d\d-.*Z$/) });
  });

  it('gets and ranges by keys that are objects', async () => {
    const [first] = rowsIn((await state('range', 'deadlines', '--application', 'atm-dispense')).out);
    expect(first).toMatchObject({ key: { id: expect.stringContaining('w1') } });
    const key = JSON.stringify(first!.key);
    expect(rowsIn((await state('get', 'deadlines', key, '--application', 'atm-dispense')).out)).toEqual([first]);
  });

  it('ranges over all partitions in the order of the keys, and says where there are more', async () => {
    const keysOf = async (...args: readonly string[]) => {
      const { out, err } = await state('range', 'accounts', ...args);
      return { keys: rowsIn(out).map(({ key }) => key), err };
    };
    expect(await keysOf()).toEqual({ keys: ['A', 'B'], err: '' });
    expect(await keysOf('--from', 'B')).toEqual({ keys: ['B'], err: '' });
    expect(await keysOf('--to', 'B')).toEqual({ keys: ['A'], err: '' });
    expect(await keysOf('--limit', '1')).toEqual({ keys: ['A'], err: expect.stringContaining('There are more') });
  });

  it.each<[string, readonly string[], number, RegExp]>([
    ['a key without a row', ['get', 'accounts', 'Z'], 1, /Store accounts has no row Z \[INPUT_NOT_FOUND\]/],
    ['a store that is none', ['get', 'nope', 'A'], 1, /no store nope for queries; there are: .*accounts.*withdrawals/],
    ['a name of two stores', ['range', 'deadlines'], 2, /atm-dispense and reconciliation both have a store deadlines/],
    ['a store of another system', ['get', 'accounts', 'A', '--application', 'atm-dispense'], 1, /no store accounts/],
    ['an application that is none', ['list', '--application', 'x'], 2, /no application x; there are: account-ledger/],
    ['a history that is not kept', ['get', 'accounts', 'A', '--as-of', '2026-01-01T00:00:00Z'], 2, /keeps no history/],
    ['a key of another shape', ['get', 'deadlines', 'w1', '--application', 'atm-dispense'], 2, /'w1' is no key/],
    ['a limit of none', ['range', 'accounts', '--limit', '0'], 2, /from 1 to 10000/],
  ])('refuses %s', async (_what, args, code, message) => {
    expect(await state(...args)).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });

  it('is answered the same by the process that owns the data directory', async () => {
    const node = await openTemporaryNode(data);
    const server = await serveControl(node, 0);
    onTestFinished(() => server.close());
    const remote = new RemoteNode(server.address, server.token, node.formats);
    const store = 'accounts';
    for (const request of [
      { kind: 'list', application: undefined },
      { kind: 'get', store, key: 'A', limit: 5 },
      { kind: 'range', store, from: 'B', limit: 5 },
    ] as const) {
      expect(await remote.state(request)).toEqual(await node.state(request));
    }
    const refused = remote.state({ kind: 'get', store: 'nope', key: 'A', limit: 5 });
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNKNOWN' });
  });
});
