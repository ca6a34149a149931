import { expect, it } from 'vitest';
import { incoming, openTemporaryNode, transaction } from '../../temporary-node.ts';
import { openBeside, reconciled, wrongs } from './planted.ts';

it('what the sink has set aside is missing by right, and what it can make no row of too', {
  timeout: 60_000,
}, async () => {
  const node = await openTemporaryNode();
  await node.append([transaction('A', 't1'), transaction('A', 't2'), transaction('B', 't3')]);
  await node.drain();
  // No row can be made of it: the sink puts it into its dead letters.
  await node.append([incoming('postings', 'A', { leg: 'first' }), incoming('postings', 'A', 'not JSON')]);
  expect(wrongs(await reconciled(node))).toEqual({});
  expect((await node.watermarks('clickhouse.dlq'))[0]!.end).toBe(2);
  const beside = await openBeside(node);
  await beside.command(
    "ALTER TABLE headrace.transactions_rows DELETE WHERE account_id = 'A' AND sequence = 2 SETTINGS mutations_sync = 2",
  );
  await beside.command(
    'ALTER TABLE headrace.transactions_by_id_rows DELETE WHERE sequence = 2 SETTINGS mutations_sync = 2',
  );
  expect(wrongs(await reconciled(node))).toEqual({ transactions_rows: ['missing A 2'] });
  // As a sink that ClickHouse refused this row would have told it.
  const partition = incoming('transactions', 'A', '').partition;
  const text = (value: string) => Buffer.from(value);
  await node.append([
    {
      topic: 'clickhouse.dlq',
      partition: 0,
      timestamp: 1,
      key: null,
      value: null,
      headers: [
        ['__streams.errors.topic', text('ledger.transactions')],
        ['__streams.errors.partition', text(String(partition))],
        ['__streams.errors.offset', text('1')],
      ],
    },
  ]);
  expect(wrongs(await reconciled(node))).toEqual({});
});
