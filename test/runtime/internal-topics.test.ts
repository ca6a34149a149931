import { StreamsBuilder } from 'headrace';
import { expect, it } from 'vitest';
import { SimulatedLog } from '../../src/log/simulated/simulated-log.ts';
import { createInternalTopics } from '../../src/runtime/internal-topics.ts';
import { topicConfig } from '../embedded-log.ts';
import { text } from '../text-serde.ts';

it('keeps what somebody outside is asked about for ever, and other records on their way for an hour', async () => {
  const log = new SimulatedLog({ random: () => 0 });
  await log.createTopics([topicConfig('in', 2)]);
  const builder = new StreamsBuilder();
  builder
    .stream('in', { key: text, value: text })
    .callAsync({ name: 'ask', call: async ({ value }) => value, result: text })
    .repartition({ name: 'answers' })
    .peek(() => {});
  await createInternalTopics(log, builder.build().plan, 'app');
  const topics = (await log.topics()).map(({ name, partitions, retentionMs }) => [name, partitions, retentionMs]);
  expect(topics).toEqual(
    expect.arrayContaining([
      ['app-ask-requests-repartition', 2, -1],
      ['app-answers-repartition', 2, 3_600_000],
    ]),
  );
});
