import { fileURLToPath } from 'node:url';
import { JoinWindows, type KStream, StreamsBuilder, stringSerde, TimeWindows, type Topology } from 'headrace';
import { describe, expect, it } from 'vitest';
import type { Log, Member, Membership, Transaction } from '../../src/log/log.ts';
import { topicSetsOf } from '../../src/log/membership/topic-sets.ts';
import { changelogsOf } from '../../src/runtime/changelogs.ts';
import { parkedStoreOf, timeStoreOf } from '../../src/runtime/engine-stores.ts';
import { Worker } from '../../src/runtime/worker.ts';
import { appendText, openLog, temporaryDirectory, topicConfig } from '../embedded-log.ts';
import { topologyOf } from '../parity/interpreter.ts';
import { readScenarios } from '../parity/scenario.ts';

const strings = { key: stringSerde, value: stringSerde };
const scenarios = ['cases', 'generated'].flatMap((each) =>
  readScenarios(fileURLToPath(new URL(`../parity/${each}`, import.meta.url))),
);

function storesBySource({ plan }: Topology): Readonly<Record<string, readonly string[]>> {
  const own = (source: string, stores: readonly string[]) =>
    stores.filter((store) => store !== timeStoreOf(source) && store !== parkedStoreOf(source));
  return Object.fromEntries(changelogsOf(plan, 'app').map(({ source, stores }) => [source, own(source, stores)]));
}

function built(define: (builder: StreamsBuilder) => void): Topology {
  const builder = new StreamsBuilder();
  define(builder);
  return builder.build();
}

const counted = (stream: KStream<string, string>, name: string) => stream.groupByKey().count({ name });

describe('changelogsOf', () => {
  it('lists every store of every plan once, and the engine stores of every source', () => {
    expect(scenarios.length).toBeGreaterThan(250);
    for (const scenario of scenarios) {
      const { plan } = topologyOf(scenario).topology;
      const changelogs = changelogsOf(plan, 'app');
      const listed = changelogs.flatMap(({ stores }) => stores);
      const sources = changelogs.map(({ source }) => source);
      const owned = plan.subTopologies.flatMap(({ stores }) => stores.map(({ name }) => name));
      const ofEngine = sources.flatMap((source) => [timeStoreOf(source), parkedStoreOf(source)]);
      expect([...listed].sort(), scenario.name).toEqual([...owned, ...ofEngine].sort());
      expect(new Set(listed).size, scenario.name).toBe(listed.length);
      expect(new Set(sources).size, scenario.name).toBe(sources.length);
      expect(changelogsOf(topologyOf(scenario).topology.plan, 'app'), scenario.name).toEqual(changelogs);
    }
  });

  it('hangs a store on a source of its own sub-topology', () => {
    for (const scenario of scenarios) {
      const { plan } = topologyOf(scenario).topology;
      const changelogs = changelogsOf(plan, 'app');
      for (const { sources, stores } of plan.subTopologies) {
        const topics = sources.map(({ topic }) => (topic.isInternal ? `app-${topic.name}` : topic.name));
        for (const { name } of stores) {
          const { source } = changelogs.find((each) => each.stores.includes(name))!;
          expect(topics, `${scenario.name}: ${name}`).toContain(source);
        }
      }
    }
  });

  it('moves no store when a source is added to any plan', () => {
    for (const scenario of scenarios) {
      const before = storesBySource(topologyOf(scenario).topology);
      const added = { ...scenario, topology: [...scenario.topology, { op: 'table', id: 'added', topic: 'added' }] };
      const after = storesBySource(topologyOf(added).topology);
      expect(after, scenario.name).toEqual({ ...before, added: ['tadded'] });
    }
  });

  it('moves no store when two streams that each had state are joined', () => {
    const two = (joins: boolean) =>
      built((builder) => {
        const payments = builder.table('payments', { ...strings, name: 'payments' });
        const limits = builder.table('limits', { ...strings, name: 'limits' });
        const counts = counted(builder.stream('clicks', strings), 'clicks-by-key');
        counts.toStream();
        if (joins) payments.join(limits, (payment, limit) => payment + limit);
      });
    const expected = { payments: ['payments'], limits: ['limits'], clicks: ['clicks-by-key'] };
    expect(storesBySource(two(false))).toEqual(expected);
    expect(two(true).plan.subTopologies.length).toBe(2);
    expect(storesBySource(two(true))).toEqual(expected);
  });

  it('takes the first declared of the sources that reach a store', () => {
    const topology = built((builder) => {
      const first = builder.stream('first', strings);
      const second = builder.stream('second', strings);
      counted(second.merge(first), 'of-both');
      counted(second, 'of-second');
    });
    expect(storesBySource(topology)).toEqual({ first: ['of-both'], second: ['of-second'] });
  });

  it('follows records only: a table that a stream looks up does not draw its buffer to it', () => {
    const topology = built((builder) => {
      const table = builder.table('rows', { ...strings, name: 'rows', historyMs: 1_000 });
      builder
        .stream('clicks', strings)
        .join(table, (click, row) => click + row, { name: 'enriched', graceMs: 10, ...strings })
        .to('out', strings);
    });
    expect(topology.plan.subTopologies).toHaveLength(1);
    const { rows, clicks } = storesBySource(topology);
    expect(rows).toEqual(['rows']);
    expect(clicks).toHaveLength(1);
  });

  it('names internal topics as the log does', () => {
    const topology = built((builder) => {
      counted(
        builder
          .stream('in', strings)
          .selectKey((_key, value) => value, { key: stringSerde })
          .repartition({ name: 'by-value', ...strings }),
        'counts',
      );
    });
    expect(storesBySource(topology)).toEqual({ in: [], 'app-by-value-repartition': ['counts'] });
  });

  it('agrees with what a worker joins for: topics of one set have one owner', () => {
    for (const scenario of scenarios.slice(0, 57)) {
      const { plan } = topologyOf(scenario).topology;
      const sets = plan.subTopologies.map(({ sources }) =>
        sources.map(({ topic }) => (topic.isInternal ? `app-${topic.name}` : topic.name)),
      );
      topicSetsOf({ group: 'app', member: 'm', topicSets: sets }, () => 1);
      expect(changelogsOf(plan, 'app').map(({ source }) => source)).toEqual([...new Set(sets.flat())]);
    }
  });

  it('is what a worker joins with, and every store that it then writes is listed', async () => {
    const directory = temporaryDirectory();
    const log = openLog(directory.path);
    try {
      await log.createTopics([topicConfig('left', 2), topicConfig('right', 2), topicConfig('out', 2)]);
      const seen = recorded(log);
      const topology = built((builder) => {
        const left = builder.stream('left', strings);
        const right = builder.stream('right', strings);
        const windows = JoinWindows.of({ timeDifferenceMs: 10, graceMs: 10 });
        left.join(right, (one, other) => one + other, { name: 'joined', windows }).to('out', strings);
        left
          .groupBy((_key, value) => value, { name: 'by-value', ...strings })
          .windowedBy(TimeWindows.of({ sizeMs: 10, graceMs: 10 }))
          .count({ name: 'counts' });
      });
      const worker = new Worker({ log: seen.log, topology, application: 'app', clock: Date.now, commitIntervalMs: 5 });
      const running = worker.run();
      await appendText(log, 'left', [
        ['a', 'x'],
        ['b', 'y'],
      ]);
      await appendText(log, 'right', [
        ['a', 'z'],
        ['b', 'y'],
      ]);
      await worker.idle();
      worker.stop();
      await running;
      expect(seen.memberships.map(({ changelogs }) => changelogs)).toEqual([changelogsOf(topology.plan, 'app')]);
      const written = new Set(seen.transactions.flatMap(({ stateChanges }) => stateChanges.map(({ store }) => store)));
      expect(written).toContain(timeStoreOf('left'));
      expect(written).toContain(timeStoreOf('app-by-value-repartition'));
      written.delete('__plan');
      const listed = changelogsOf(topology.plan, 'app').flatMap(({ stores }) => stores);
      expect(listed).toEqual(expect.arrayContaining([...written]));
    } finally {
      await log.close();
      directory.remove();
    }
  });
});

/** The same log, and what was joined and committed on it. */
function recorded(log: Log) {
  const memberships: Membership[] = [];
  const transactions: Transaction[] = [];
  const join = async (membership: Membership): Promise<Member> => {
    memberships.push(membership);
    const member = await log.join(membership);
    const commit = (transaction: Transaction) => {
      transactions.push(transaction);
      return member.commit(transaction);
    };
    return forwarding(member, { commit });
  };
  return { memberships, transactions, log: forwarding(log, { join }) };
}

function forwarding<Port extends object>(port: Port, own: Partial<Port>): Port {
  return new Proxy(port, {
    get(target, name) {
      if (name in own) return own[name as keyof Port];
      const value = target[name as keyof Port];
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
