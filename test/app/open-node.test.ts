import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LocalNode } from '../../src/app/local-node.ts';
import { openNode } from '../../src/app/open-node.ts';
import { RemoteNode } from '../../src/app/remote-node.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import { DATA_FORMAT } from '../../src/storage/data-directory.ts';
import { Environment } from '../../src/storage/environment.ts';
import { MetaTable } from '../../src/storage/meta-table.ts';
import { DEFAULT_PARTITIONS } from '../../topologies/account-ledger/topics.ts';
import { incoming, openTemporaryNode, temporaryData, transaction } from './temporary-node.ts';

/** The partition of account A in a data directory of the usual size. */
const HOME = partitionFor(Buffer.from('A'), DEFAULT_PARTITIONS);

const open = async (dataDirectory: string) => {
  const node = await openNode({ dataDirectory, clock: Date.now, createsDirectory: true });
  onTestFinished(() => node.close());
  return node;
};

describe('the node of a data directory', () => {
  it('is this process where nobody owns it, and serves the next who asks', { timeout: 60_000 }, async () => {
    const data = temporaryData();
    const own = await open(data);
    expect(own).toBeInstanceOf(LocalNode);
    const asking = await open(data);
    expect(asking).toBeInstanceOf(RemoteNode);
    const [position] = await asking.append([{ ...transaction('A', 't1'), partition: HOME }]);
    expect((await own.read('transactions', position!.partition, position!.offset)).length).toBe(1);
    // The owner had no engine yet: who wants results makes it start.
    await asking.drain();
    const accounts = await asking.accounts(position!.partition);
    expect(accounts).toEqual([{ accountId: 'A', sequence: 1, booked: { EUR: '10.00' }, held: { EUR: '0.00' } }]);
  });

  it('is not made by what only reads', async () => {
    const data = temporaryData();
    await expect(openNode({ dataDirectory: data, clock: Date.now })).rejects.toMatchObject({
      code: 'DATA_DIRECTORY_INVALID',
      message: expect.stringContaining('--data'),
    });
    expect(existsSync(data)).toBe(false);
  });

  it('is waited for while another process is making it, but not for ever', { timeout: 30_000 }, async () => {
    const data = temporaryData();
    mkdirSync(join(data, 'log'), { recursive: true });
    // What another process sees between the first table and the row that says whose it is.
    const halfMade = Environment.open(join(data, 'log'));
    halfMade.transaction(() => MetaTable.of(halfMade));
    await halfMade.close();
    await expect(open(data)).rejects.toMatchObject({ code: 'DATA_DIRECTORY_INVALID' });
    const opening = open(data);
    await sleep(200);
    const made = Environment.open(join(data, 'log'));
    made.transaction(() => MetaTable.of(made)!.put('format', DATA_FORMAT));
    await made.close();
    expect(await opening).toBeInstanceOf(LocalNode);
  });

  it('is waited for while its owner is about to end', { timeout: 30_000 }, async () => {
    const data = temporaryData();
    const owner = await openTemporaryNode(data);
    const opening = open(data);
    await sleep(200);
    await owner.close();
    expect(await opening).toBeInstanceOf(LocalNode);
  });

  it('is waited for while its owner is about to serve', { timeout: 30_000 }, async () => {
    const data = temporaryData();
    const owner = await openTemporaryNode(data);
    const opening = open(data);
    await sleep(200);
    await owner.serve(0);
    expect(await opening).toBeInstanceOf(RemoteNode);
  });

  it('keeps intake waiting for a remote hold, and lets it go on after', { timeout: 30_000 }, async () => {
    const data = temporaryData();
    const owner = await openTemporaryNode(data);
    await owner.serve(0);
    const remote = await open(data);
    const hold = await remote.hold();
    let isAppended = false;
    const appending = owner.append([incoming('transactions', 'A', '{}')]).then(() => {
      isAppended = true;
    });
    await sleep(150);
    expect(isAppended).toBe(false);
    await hold.release();
    await appending;
  });
});
