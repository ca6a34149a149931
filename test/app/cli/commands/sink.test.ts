import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SCHEMAS_DIRECTORY } from '../../../../src/app/formats/schema-files.ts';
import { topologyFolder } from '../../user-topology/topology-file.ts';
import { runCommand } from '../run-command.ts';

const HEAD = 'transactionId,accountId,direction,amount,currency,occurredAt,kind,channel';
const INPUT = Array.from({ length: 200 }, (_, i) => {
  const day = String((i % 28) + 1).padStart(2, '0');
  return `t${i},A-${i % 7},${i % 3 === 0 ? 'debit' : 'credit'},${(i + 1) * 10}.05,EUR,2026-${i % 2 === 0 ? '01' : '03'}-${day}T10:00:00.000Z,posting,atm`;
});

it("one of the bank's own topics gets a second table, row for row what the first one says", async () => {
  const definition = {
    topic: 'ledger.transactions',
    table: 'my_transactions',
    schema: join(SCHEMAS_DIRECTORY, 'ledger.transactions.avsc'),
    orderBy: ['accountId', 'sequence'],
    partitionBy: 'occurredAt',
    columns: {
      transactionId: { name: 'id' },
      direction: { type: 'Enum8' },
      channel: { type: 'LowCardinality(String)' },
    },
  };
  const at = topologyFolder({
    'headrace.config.ts': `export default ${JSON.stringify({ data: './data', partitions: 3, sinks: [definition] })};\n`,
    'input.csv': `${[HEAD, ...INPUT].join('\n')}\n`,
  });
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(at('.'));

  const cluster = await runCommand('sink', 'plan', '--cluster', 'main');
  expect(cluster.out).toMatch(
    /CREATE TABLE IF NOT EXISTS headrace\.my_transactions_rows_local ON CLUSTER main\n\([\s\S]*ReplicatedReplacingMergeTree/,
  );
  expect(cluster.out).toMatch(
    /headrace\.my_transactions_rows ON CLUSTER main AS[\s\S]*cityHash64\(accountId, sequence, _partition, _offset\)/,
  );
  expect(await runCommand('sink', 'apply')).toMatchObject({ code: 0, err: '' });
  const once = await runCommand('start', '--once', '--input', 'input.csv');
  expect(once).toMatchObject({ code: 0 });
  const query = async (sql: string) => (await runCommand('query', sql, '--json')).out.trimEnd().split('\n');
  const mine = await query(
    'SELECT id, accountId AS account, toString(direction) AS d, amount AS minor, currency, occurredAt AS at, channel, sequence, balanceAfter AS b, isOverdrawn, source_topic, source_partition, source_offset, length(postings) AS legs FROM my_transactions ORDER BY account, sequence',
  );
  const theirs = await query(
    'SELECT t.transaction_id AS id, t.account_id AS account, direction AS d, amount_minor AS minor, currency, occurred_at AS at, channel, sequence, balance_after_minor AS b, is_overdrawn AS isOverdrawn, source_topic, toInt32(source_partition) AS source_partition, toInt64(source_offset) AS source_offset, 2 AS legs FROM transactions_rows AS t FINAL ORDER BY account, sequence',
  );
  const parsed = (lines: readonly string[]) =>
    lines.map((line) => {
      const { legs, ...row } = JSON.parse(line) as Record<string, unknown>;
      return { ...row, legs: Number(legs) };
    });
  expect(parsed(mine)).toHaveLength(INPUT.length);
  expect(parsed(mine)).toEqual(parsed(theirs));
  expect(
    await query(
      "SELECT uniqExact(partition) AS months FROM system.parts WHERE table = 'my_transactions_rows' AND active",
    ),
  ).toEqual(['{"months":"2"}']);
}, 120_000);

it('without sinks there is nothing to plan', async () => {
  const at = topologyFolder({});
  const before = process.cwd();
  onTestFinished(() => process.chdir(before));
  process.chdir(at('.'));
  expect(await runCommand('sink', 'plan')).toMatchObject({
    code: 2,
    err: expect.stringContaining('names no sink: it names none'),
  });
});
