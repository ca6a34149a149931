import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RequestTraffic } from '../../../src/app/http/request-traffic.ts';

describe('quiet', () => {
  it('comes at once where nobody ever asked', async () => {
    const startedAt = performance.now();
    await new RequestTraffic().quiet(10_000);
    expect(performance.now() - startedAt).toBeLessThan(40);
  });

  it('comes only when the requests have ended and no other follows', async () => {
    const traffic = new RequestTraffic();
    traffic.began();
    let isQuiet = false;
    const quiet = traffic.quiet(10_000).then(() => {
      isQuiet = true;
    });
    await sleep(450);
    expect(isQuiet).toBe(false);
    traffic.ended();
    await sleep(150);
    traffic.began();
    traffic.ended();
    await sleep(200);
    expect(isQuiet).toBe(false);
    await quiet;
  });

  it('is not waited for longer than the limit', async () => {
    const traffic = new RequestTraffic();
    traffic.began();
    await traffic.quiet(100);
  });
});
