import { expect, test } from 'vitest';
import { generationInJoinEvent } from '../../../../../src/log/kafka/client/corrections/generation-in-join-event.ts';
import type { LoadModule } from '../../../../../src/log/kafka/client/kafkajs-package.ts';
import { consumerGroupOf } from '../consumer-groups.ts';
import { corrected, stock } from '../libraries.ts';

async function toldOnJoining(load: LoadModule) {
  const { group, happened } = consumerGroupOf(load);
  await group.joinAndSync();
  return happened.find(({ what }) => what === 'consumer.group_join')?.told;
}

test('the event about a join tells the generation', async () => {
  expect(await toldOnJoining(stock)).not.toHaveProperty('generationId');
  expect(await toldOnJoining(corrected(generationInJoinEvent))).toMatchObject({ generationId: 7, memberId: 'member' });
});
