import { describe, expect, it } from 'vitest';
import { Ownership, type PreparedPartition } from '../../../../src/log/kafka/group/ownership.ts';
import { codeOf } from '../../../conformance/log/log-under-test.ts';

const place = (partition: number) => ({ topic: 't', partition });
const prepared = (partition: number): PreparedPartition => ({
  ...place(partition),
  topicId: 'id',
  offset: 0,
  start: 0,
  end: 9,
});
const numbers = ({ partitions }: { readonly partitions: readonly { readonly partition: number }[] }) =>
  partitions.map(({ partition }) => partition);

function owned(...partitions: readonly number[]) {
  let epochs = 0;
  const ownership = new Ownership('m', () => ++epochs);
  ownership.assign(partitions.map(place), true);
  ownership.prepared(partitions.map(prepared));
  const { epoch } = ownership.take();
  return { ownership, epoch };
}

describe('what a member owns', () => {
  it('is handed out when it is prepared, not before', () => {
    const ownership = new Ownership('m', () => 1);
    expect(ownership.assign([place(0), place(1)], false)).toEqual([place(0), place(1)]);
    expect(ownership.isNew).toBe(false);
    ownership.prepared([prepared(0), prepared(1)]);
    expect([ownership.isNew, numbers(ownership.take()), ownership.isNew]).toEqual([true, [0, 1], false]);
  });

  it('stays under its epoch where nothing of it changes, also while more is being prepared', async () => {
    const { ownership, epoch } = owned(0, 1);
    expect(ownership.assign([place(0), place(1)], true)).toEqual([]);
    expect(ownership.assign([place(0), place(1), place(2)], true)).toEqual([place(2)]);
    expect([ownership.epoch, ownership.isNew]).toEqual([epoch, false]);
    ownership.prepared([prepared(2)]);
    expect(await codeOf(() => ownership.requireEpoch(epoch))).toBe('MEMBER_FENCED');
    expect(numbers(ownership.take())).toEqual([0, 1, 2]);
  });

  it('is lost at once where it is taken away: a commit of before is refused', async () => {
    const { ownership, epoch } = owned(0, 1);
    expect(ownership.assign([place(1), place(2)], true)).toEqual([place(2)]);
    expect(await codeOf(() => ownership.requireEpoch(epoch))).toBe('MEMBER_FENCED');
    expect([ownership.isOwned(place(0)), ownership.isOwned(place(1)), ownership.isOwned(place(2))]).toEqual([
      false,
      true,
      false,
    ]);
    expect(numbers(ownership.take())).toEqual([1]);
  });

  it('counts as new, all of it, where others may have had it in between', async () => {
    const { ownership, epoch } = owned(0, 1);
    expect(ownership.assign([place(0), place(1)], false)).toEqual([place(0), place(1)]);
    expect(await codeOf(() => ownership.requireEpoch(epoch))).toBe('MEMBER_FENCED');
    expect(numbers(ownership.take())).toEqual([]);
  });

  it('is not what was prepared for an assignment that is over', () => {
    const { ownership } = owned(0);
    ownership.assign([place(0), place(1)], true);
    ownership.assign([place(0)], true);
    ownership.prepared([prepared(1)]);
    expect([ownership.isNew, ownership.isOwned(place(1))]).toEqual([false, false]);
  });

  it('begins where the last commit ended', () => {
    const { ownership } = owned(0, 1);
    ownership.noteCommitted([
      { ...place(1), offset: 7 },
      { topic: 'other', partition: 1, offset: 3 },
    ]);
    expect(ownership.committed()).toEqual([
      { ...place(0), offset: 0 },
      { ...place(1), offset: 7 },
    ]);
  });
});
