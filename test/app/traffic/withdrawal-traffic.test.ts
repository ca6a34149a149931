import { describe, expect, it } from 'vitest';
import { FATES, type WithdrawalRecord, WithdrawalTraffic } from '../../../src/app/traffic/withdrawal-traffic.ts';
import { seededRandom } from '../../../src/random.ts';
import { checkResult, checkWithdrawal, type RawInput } from '../../../topologies/atm-dispense/rules.ts';

const START = 1_700_000_000_000;
const LIMIT_MS = 30_000;

function source(seed = 1): WithdrawalTraffic {
  const random = seededRandom(seed);
  return new WithdrawalTraffic({ random, startAt: START, run: 'r', perSecond: 20, answerWithinMs: LIMIT_MS });
}

/** What comes within so many milliseconds, asked for every `everyMs`. */
function records(duringMs: number, everyMs: number, seed?: number): readonly WithdrawalRecord[] {
  const traffic = source(seed);
  const all: WithdrawalRecord[] = [];
  for (let now = START; now <= START + duringMs; now += everyMs) all.push(...traffic.due(now));
  return all;
}

/** Statuses of each withdrawal with their time after the first request. */
function stories(all: readonly WithdrawalRecord[]): ReadonlyMap<string, readonly (readonly [string, number])[]> {
  const stories = new Map<string, (readonly [string, number])[]>();
  const firsts = new Map<string, number>();
  for (const { topic, at, value } of all) {
    if (topic === 'transactions') continue;
    const { withdrawalId, status } = value as { withdrawalId: string; status?: string };
    firsts.set(withdrawalId, firsts.get(withdrawalId) ?? at);
    const told = stories.get(withdrawalId) ?? [];
    stories.set(withdrawalId, told);
    told.push([topic === 'atm.withdrawals' ? 'asked' : status!, at - firsts.get(withdrawalId)!]);
  }
  return stories;
}

describe('generated withdrawals', () => {
  const minutes = records(600_000, 50);
  const all = stories(minutes);
  const words = [...all.values()].map((story) => story.map(([word]) => word).join(' '));
  const shareOf = (story: string) => words.filter((each) => each === story).length / words.length;

  it('are the same from the same seed, however often it is asked', () => {
    expect(records(20_000, 7)).toEqual(records(20_000, 7));
    expect(records(20_000, 20_000 / 8)).toEqual(records(20_000, 50));
    expect(records(20_000, 50, 2)).not.toEqual(records(20_000, 50));
  });

  it('come at their rate and in the order of time', () => {
    const asked = minutes.filter(({ topic }) => topic === 'atm.withdrawals');
    expect(asked.length / 600).toBeGreaterThan(19);
    expect(asked.length / 600).toBeLessThan(22);
    const times = minutes.map(({ at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('are mostly paid out; every other fate comes as well', () => {
    expect(shareOf('asked DISPENSING SUCCESS')).toBeGreaterThan(0.7);
    for (const story of [
      'asked FAIL',
      'asked PARTIAL',
      'asked SUCCESS',
      'asked asked SUCCESS SUCCESS',
      'SUCCESS asked',
      'asked',
      'asked RETRACTED',
      'asked FAIL SUCCESS',
    ]) {
      expect(shareOf(story), story).toBeGreaterThan(0.002);
      expect(shareOf(story), story).toBeLessThan(0.1);
    }
    expect(FATES.reduce((sum, [, share]) => sum + share, 0)).toBe(100);
  });

  it('are answered in time, but for those whose fate it is to be late', () => {
    const delays = [...all.values()].flatMap((story) => story.slice(1).map(([, delay]) => delay));
    const late = delays.filter((delay) => delay >= LIMIT_MS);
    expect(late.length / all.size).toBeGreaterThan(0.02);
    expect(late.length / all.size).toBeLessThan(0.04);
    expect(delays.every((delay) => delay < LIMIT_MS / 2 || delay > LIMIT_MS)).toBe(true);
  });

  it('are well formed: the rules take every one', () => {
    const amounts = new Map<string, string>();
    for (const { topic, key, value } of minutes) {
      if (topic === 'transactions') continue;
      const check = topic === 'atm.withdrawals' ? checkWithdrawal : checkResult;
      expect(check(key, value as RawInput)).not.toHaveProperty('code');
      if (topic === 'atm.withdrawals') amounts.set(key, String(value.amount));
    }
    for (const { key, value } of minutes) {
      if (value.status !== 'PARTIAL') continue;
      expect(Number(value.taken)).toBeGreaterThan(0);
      expect(Number(value.taken)).toBeLessThan(Number(amounts.get(key)));
    }
  });

  it('are paid from salaries that came in a second before, but for those to be refused, which are never answered', () => {
    const has = new Map<string, number>();
    const seen = new Set<string>();
    const salaryAt = new Map<string, number>();
    const pauses = new Map<string, number>();
    const refused = new Set<string>();
    for (const { topic, key, at, value } of minutes) {
      const account = String(value.accountId);
      if (topic === 'transactions') {
        has.set(account, (has.get(account) ?? 0) + Number(value.amount));
        salaryAt.set(account, at);
      } else if (topic === 'atm.withdrawals' && !seen.has(key)) {
        seen.add(key);
        pauses.set(key, at - salaryAt.get(account)!);
        const left = (has.get(account) ?? 0) - Number(value.amount);
        if (left < 0) refused.add(key);
        else has.set(account, left);
      }
    }
    expect(refused.size / all.size).toBeGreaterThan(0.01);
    expect(refused.size / all.size).toBeLessThan(0.03);
    for (const key of refused) expect(all.get(key)!.map(([word]) => word)).toEqual(['asked']);
    // One whose answer comes first is asked for later, perhaps just after another salary.
    for (const [key, pause] of pauses)
      if (all.get(key)![0]![0] === 'asked') expect(pause, key).toBeGreaterThanOrEqual(1_000);
  });

  it('do not make up for a long standstill', () => {
    const traffic = source();
    traffic.due(START);
    const asked = traffic.due(START + 3_600_000).filter(({ topic }) => topic === 'atm.withdrawals');
    expect(asked.length).toBeLessThan(150);
  });
});
