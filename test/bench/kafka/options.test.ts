import { describe, expect, it } from 'vitest';
import { parseKafkaOptions } from '../../../bench/kafka/options.ts';

describe('the options of npm run bench -- kafka', () => {
  it('are the measurement of the issue where none are given', () => {
    expect(parseKafkaOptions([])).toMatchObject({
      mode: 'throughput',
      workloads: ['balances'],
      systems: ['headrace', 'kafka-streams'],
      records: 1_000_000,
      accounts: [1_000],
      commitMs: 100,
    });
    expect(parseKafkaOptions(['--restart'])).toMatchObject({ mode: 'restart', keys: 5_000_000, repeat: 3 });
    expect(parseKafkaOptions(['--handover'])).toMatchObject({ mode: 'handover', recordsPerSecond: 20_000 });
    const idle = { mode: 'idle', partitions: 100, systems: [], workloads: ['balances', 'stateless'] };
    expect(parseKafkaOptions(['--idle'])).toMatchObject(idle);
  });

  it.each([
    [['--records', '0'], /--records is a whole number of at least 1, not "0"/],
    [['--accounts', '10', '--accounts', 'many'], /--accounts is a whole number of at least 1, not "many"/],
    [['--workload', 'join'], /no workload join for kafka; there are balances, stateless/],
    [['--idle', '--handover'], /--idle and --handover are measured one at a time/],
    [['--idle', '--brokers', '127.0.0.1:1'], /leave --brokers away/],
    [['--system', 'headrace'], /--system is for --restart and --handover/],
    [['--restart', '--system', 'flink'], /no system flink for kafka; there are headrace, kafka-streams/],
    [['--no-such'], /--no-such/],
    [['balances'], /positional/],
  ])('%j are refused as wrong usage', (args, told) => {
    const refused = () => parseKafkaOptions(args);
    expect(refused).toThrow(TypeError);
    expect(refused).toThrow(told);
  });
});
