import { expect, it } from 'vitest';
import type { GroupDescription } from '../../../../src/log/kafka/group/described-group.ts';
import { GroupDescriptions } from '../../../../src/log/kafka/queries/group-descriptions.ts';

it('those who want a fresh description get one that was asked for after they came, and share it', async () => {
  const asked: { readonly answer: (description: GroupDescription) => void; readonly fail: (error: Error) => void }[] =
    [];
  const descriptions = new GroupDescriptions(
    () => new Promise((resolve, reject) => asked.push({ answer: resolve, fail: reject })),
  );
  const numbered = (owner: string): GroupDescription => ({
    state: 'stable',
    owners: [{ member: owner, memberId: '', generation: 1, endpoint: undefined }],
    ownerOf: new Map(),
  });
  const nameOf = async (fresh: Promise<GroupDescription>) => (await fresh).owners[0]!.member;
  expect(descriptions.last('g')).toBeUndefined();
  const first = nameOf(descriptions.fresh('g'));
  const [second, third] = [nameOf(descriptions.fresh('g')), nameOf(descriptions.fresh('g'))];
  expect(asked).toHaveLength(1);
  asked[0]!.answer(numbered('one'));
  expect(await first).toBe('one');
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(2);
  const fourth = nameOf(descriptions.fresh('g'));
  asked[1]!.answer(numbered('two'));
  expect(await Promise.all([second, third])).toEqual(['two', 'two']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(3);
  const fifth = nameOf(descriptions.fresh('g'));
  // One that fails fails those who share it, and nobody else.
  asked[2]!.fail(new Error('away'));
  await expect(fourth).rejects.toThrow('away');
  await new Promise((resolve) => setImmediate(resolve));
  asked[3]!.answer(numbered('four'));
  expect(await fifth).toBe('four');
  expect(descriptions.last('g')!.owners[0]!.member).toBe('four');
});
