import { describe, expect, it, vi } from 'vitest';
import { IDEMPOTENCY_TOPIC } from '../../src/app/http/api/idempotency-keys.ts';
import type { LocalNode } from '../../src/app/local-node.ts';
import { recordsOf, valueIn } from '../../src/app/node.ts';
import { readJsonRows } from '../../src/app/query-rows.ts';
import { EmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { partitionFor } from '../../src/log/partitioner.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { ledgerTopics } from '../../topologies/account-ledger/topics.ts';
import { dispenseResult, openTemporaryNode, temporaryData, transaction, withdrawal } from './temporary-node.ts';

const LIMIT = { timeout: 60_000 };

/** Last value of every key. */
async function table(node: LocalNode, topic: string): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { partition, start, end } of await node.watermarks(topic)) {
    for await (const record of recordsOf(node, topic, partition, start, end)) {
      rows.set(Buffer.from(record.key!).toString(), await valueIn(node, topic, record));
    }
  }
  return rows;
}

const states = async (node: LocalNode) =>
  Object.fromEntries([...(await table(node, 'atm.withdrawal-states'))].map(([id, { state }]) => [id, state]));

describe('the engine', () => {
  it('drains what the systems say to each other, to the last word and into ClickHouse', LIMIT, async () => {
    const node = await openTemporaryNode();
    await node.append([
      transaction('A', 'salary', { amount: '200.00' }),
      withdrawal('taken', 'A'),
      dispenseResult('taken', 'SUCCESS'),
      withdrawal('failed', 'A'),
      dispenseResult('failed', 'FAIL'),
      withdrawal('half', 'A', { terminalId: 'T-2' }),
      dispenseResult('half', 'PARTIAL', { terminalId: 'T-2', taken: '20.00' }),
      withdrawal('poor', 'B'),
      withdrawal('waits', 'A'),
    ]);
    await node.drain();
    expect(await states(node)).toEqual({
      taken: 'DISPENSED',
      failed: 'REVERSED',
      half: 'REVERSED',
      poor: 'REFUSED',
      waits: 'AUTHORISED',
    });
    expect(await readJsonRows(node, 'SELECT booked, held, available FROM headrace.balances')).toEqual([
      { booked: '130', held: '50', available: '80' },
    ]);
    const shown =
      'SELECT withdrawal_id, state, amount, taken, reversed FROM headrace.withdrawals ORDER BY withdrawal_id';
    expect(await readJsonRows(node, shown)).toEqual([
      { withdrawal_id: 'failed', state: 'REVERSED', amount: '50', taken: '0', reversed: '50' },
      { withdrawal_id: 'half', state: 'REVERSED', amount: '50', taken: '20', reversed: '30' },
      { withdrawal_id: 'poor', state: 'REFUSED', amount: '50', taken: '0', reversed: '0' },
      { withdrawal_id: 'taken', state: 'DISPENSED', amount: '50', taken: '50', reversed: '0' },
      { withdrawal_id: 'waits', state: 'AUTHORISED', amount: '50', taken: '0', reversed: '0' },
    ]);
    expect(await readJsonRows(node, 'SELECT withdrawal_id, outcome FROM headrace.failed_dispenses ORDER BY 1')).toEqual(
      [
        { withdrawal_id: 'failed', outcome: 'NOT_DISPENSED' },
        { withdrawal_id: 'half', outcome: 'PARTIAL' },
      ],
    );
    expect(await node.status()).toMatchObject({ lag: 0, deadLetters: 0, aborts: 0 });
  });

  it('finds a silence by itself, also one that began before a restart', LIMIT, async () => {
    const data = temporaryData();
    let late = 0;
    const options = { answerWithinMs: 30_000, clock: () => Date.now() + late };
    const first = await openTemporaryNode(data, options);
    await first.append([transaction('A', 'salary', { amount: '200.00' }), withdrawal('w', 'A')]);
    await first.drain();
    expect(await states(first)).toEqual({ w: 'AUTHORISED' });
    await first.close();
    late = 31_000;
    const second = await openTemporaryNode(data, options);
    await second.drain();
    await vi.waitFor(async () => expect(await states(second)).toEqual({ w: 'SUSPECT' }), { timeout: 10_000 });
    expect(await second.findCase('case:w')).toMatchObject({ kind: 'unknown-outcome', status: 'open', amount: '50.00' });
    await second.drain();
    const cases = 'SELECT case_id, status, amount, posted, currency FROM headrace.reconciliation_cases';
    expect(await readJsonRows(second, cases)).toEqual([
      { case_id: 'case:w', status: 'open', amount: '50', posted: null, currency: 'EUR' },
    ]);
  });

  it('drains while others keep sending', LIMIT, async () => {
    const node = await openTemporaryNode();
    let isDone = false;
    let sent = 0;
    const sending = (async () => {
      while (!isDone) {
        const id = `w${sent++}`;
        await node.append([transaction('A', id, { amount: '60.00' }), withdrawal(id, 'A'), dispenseResult(id, 'FAIL')]);
      }
    })();
    await node.append([transaction('C', 'x', { amount: '60.00' }), withdrawal('c', 'C'), dispenseResult('c', 'FAIL')]);
    const before = sent;
    await node.drain();
    expect((await states(node)).c).toBe('REVERSED');
    expect(sent).toBeGreaterThan(before);
    isDone = true;
    await sending;
  });

  it('names the steps of each system', LIMIT, async () => {
    const steps = new Set<string>();
    const node = await openTemporaryNode(temporaryData(), { onStep: (step) => steps.add(step) });
    await node.append([transaction('A', 't', { amount: '60.00' }), withdrawal('w', 'A'), dispenseResult('w', 'FAIL')]);
    await node.drain();
    for (const system of ['commit', 'atm-commit', 'reconciliation-commit']) {
      for (const step of ['seal', 'submit', 'durable', 'apply']) expect(steps).toContain(`${system}:${step}`);
    }
  });

  it('gives an older data directory the topics that it lacks, with the partitions that it has', LIMIT, async () => {
    const data = temporaryData();
    const directory = openDataDirectory(data, { clock: Date.now });
    const log = new EmbeddedLog({ directory, clock: Date.now });
    // As the first version made them: the ledger's, without commands.
    const first = ledgerTopics(3).filter(({ name }) => !/^ledger\.(commands|outcomes)$/.test(name));
    await log.createTopics(first);
    await log.close();
    const node = await openTemporaryNode(data, { partitions: 5 });
    const topics = await node.topics();
    expect(topics.length).toBeGreaterThan(2 * first.length);
    const missing = topics.filter(({ name, partitions }) => partitions !== 3 && name !== IDEMPOTENCY_TOPIC.name);
    expect(missing).toEqual([]);
    const at = (record: ReturnType<typeof transaction>) => ({ ...record, partition: partitionFor(record.key, 3) });
    await node.append([
      at(transaction('A', 't', { amount: '60.00' })),
      at(withdrawal('w', 'A')),
      at(dispenseResult('w', 'SUCCESS')),
    ]);
    await node.drain();
    expect(await states(node)).toEqual({ w: 'DISPENSED' });
  });
});
