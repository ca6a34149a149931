import { expect, it } from 'vitest';
import { LEDGER, systemsOf } from '../../src/app/systems.ts';
import { PLAN_STORE } from '../../src/runtime/stored-plan.ts';
import { planJsonOf } from '../../src/streams/topology/plan-json.ts';
import { openLog } from '../embedded-log.ts';
import { openTemporaryNode, temporaryData, transaction } from './temporary-node.ts';

/** As a release would have left it in which the ledger kept its accounts in a store of another name. */
async function writeOlderPlan(data: string): Promise<void> {
  const node = await openTemporaryNode(data);
  const { topology } = systemsOf({ valueSerde: node.formats.valueSerde }).find((each) => each.application === LEDGER)!;
  await node.close();
  const log = openLog(data);
  const renamed = (name: string) => (name === 'accounts' ? 'account-states' : name);
  const plan = planJsonOf(topology.plan);
  const older = {
    ...plan,
    stores: plan.stores.map((store) => ({ ...store, name: renamed(store.name) })),
    subTopologies: plan.subTopologies.map((part) => ({
      ...part,
      stores: part.stores.map(renamed),
      operators: part.operators.map((operator) => ({ ...operator, stores: operator.stores.map(renamed) })),
    })),
  };
  const member = await log.join({ group: LEDGER, member: 'older', topicSets: [['transactions']] });
  const { assignment } = await member.poll({ maxRecords: 1, timeoutMs: 0 });
  const entries = [['plan', Buffer.from(JSON.stringify(older))]] as const;
  const stateChanges = [{ store: PLAN_STORE, partition: 0, entries }];
  await member.commit({ epoch: assignment!.epoch, records: [], offsets: [], stateChanges });
  await member.leave();
  await log.close();
}

it('a start whose ledger would lose state says so, and goes on only when it is told to', async () => {
  const data = temporaryData();
  await writeOlderPlan(data);

  const refused = await openTemporaryNode(data);
  const failure = new Promise<unknown>((resolve) => void refused.start(resolve));
  expect(await failure).toMatchObject({
    code: 'TOPOLOGY_CHANGED',
    message: expect.stringMatching(
      /topology of account-ledger is not[\s\S]*store account-states looks renamed to accounts/,
    ),
  });
  await refused.close();

  const allowed = await openTemporaryNode(data, { allowTopologyChange: true });
  await allowed.append([transaction('A', 't1')]);
  await allowed.drain();
  expect([...(await allowed.accounts(0)), ...(await allowed.accounts(1))]).toMatchObject([
    { accountId: 'A', sequence: 1 },
  ]);
  await allowed.close();
  // From now on it is the plan of this release that is kept.
  const next = await openTemporaryNode(data);
  await next.append([transaction('A', 't2')]);
  await next.drain();
  expect((await next.status()).processed).toBe(1);
}, 30_000);
