import { describe, expect, it } from 'vitest';
import { type Letter, lettersOf } from '../../../src/app/dead-letters/letters.ts';
import { reconcile } from '../../../src/app/reconcile/reconcile.ts';
import { replayRecord } from '../../../src/runtime/replay.ts';
import { incoming, openTemporaryNode, temporaryData, transaction } from '../temporary-node.ts';

describe('what waits behind dead letters of the ledger', () => {
  it('is told of committed state, and replays that were dropped are no outcome that is missing', {
    timeout: 60_000,
  }, async () => {
    const data = temporaryData();
    const node = await openTemporaryNode(data, { parkKeysMax: 5 });
    expect(await node.parked()).toEqual([]);
    const broken = incoming('transactions', 'A', 'not json');
    await node.append([transaction('A', 't0'), broken, transaction('A', 't1'), transaction('B', 't2')]);
    await node.drain();
    const source = { application: 'account-ledger', topic: 'transactions', partition: broken.partition };
    const [waiting, ...others] = await node.parked();
    expect(others).toEqual([]);
    expect(waiting).toEqual({ ...source, keys: [{ episode: expect.any(Number), next: 0, last: 1 }], dropped: 0 });
    const letters: Letter[] = [];
    for await (const letter of lettersOf(node, 'transactions.dlq')) letters.push(letter);
    const [first, second] = letters.map(({ record }) => record);
    await node.append([
      replayRecord(first!, { by: 'anna', why: 'never' }),
      replayRecord(second!),
      replayRecord(second!),
    ]);
    await node.drain();
    expect(await node.parked()).toEqual([{ ...source, keys: [], dropped: 1 }]);
    expect(await reconcile(node)).toMatchObject({ differences: [], inputRecords: 7, accepted: 3, deadLetters: 3 });
    const accounts = [...(await node.accounts(0)), ...(await node.accounts(1))];
    expect(accounts.map(({ accountId, sequence }) => `${accountId} ${sequence}`).sort()).toEqual(['A 2', 'B 1']);
  });
});
