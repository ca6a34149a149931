import { describe, expect, it } from 'vitest';
import { type Letter, lettersOf, sentAgain, summaryOf } from '../../../src/app/dead-letters/letters.ts';
import { reconcile } from '../../../src/app/reconcile/reconcile.ts';
import { incoming, openTemporaryNode, PARTITIONS, temporaryData, transaction } from '../temporary-node.ts';

describe('a dead letter that nobody waits behind', () => {
  it('is sent again to where it came from, or to where its key belongs if it lay elsewhere', {
    timeout: 60_000,
  }, async () => {
    const node = await openTemporaryNode(temporaryData());
    const [posted, strayed] = [transaction('A', 't1'), transaction('A', 't2')];
    const broken = incoming('transactions', 'A', 'not json');
    const elsewhere = (strayed.partition + 1) % PARTITIONS;
    await node.append([posted, { ...strayed, partition: elsewhere }, broken]);
    await node.drain();
    // The account is one: what strayed neither made a second one nor was counted.
    expect(await node.accounts(elsewhere)).toEqual([]);
    expect(await node.accounts(strayed.partition)).toMatchObject([{ accountId: 'A', sequence: 1 }]);
    const letters: Letter[] = [];
    for await (const letter of lettersOf(node, 'transactions.dlq')) letters.push(letter);
    expect(letters.map((each) => summaryOf(each).message).join()).toContain(
      `belongs into partition ${strayed.partition}`,
    );
    const again = await Promise.all(letters.map((each) => sentAgain(node, each)));
    expect(again.map(({ partition }) => partition)).toEqual([strayed.partition, strayed.partition]);
    await node.append(again);
    await node.drain();
    expect(await node.accounts(strayed.partition)).toMatchObject([{ sequence: 2, booked: { EUR: '20.00' } }]);
    expect(await reconcile(node)).toMatchObject({ differences: [], inputRecords: 5, accepted: 2, deadLetters: 3 });
  });
});
