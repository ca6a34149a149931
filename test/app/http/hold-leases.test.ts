import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HoldLeases } from '../../../src/app/http/hold-leases.ts';
import { IntakeGate } from '../../../src/app/intake-gate.ts';

const LEASE_MS = 80;

describe('holds of other processes', () => {
  it('last until they are released, as long as they are renewed', async () => {
    const gate = new IntakeGate();
    const leases = new HoldLeases(gate, LEASE_MS);
    const id = await leases.take();
    let hasPassed = false;
    const passing = gate.pass(async () => {
      hasPassed = true;
    });
    for (let i = 0; i < 6; i++) {
      await sleep(LEASE_MS / 4);
      leases.renew(id);
    }
    expect(hasPassed).toBe(false);
    await leases.release(id);
    await passing;
    expect(hasPassed).toBe(true);
  });

  it('end by themselves when their process is gone, which a late renewal or release is told', async () => {
    const gate = new IntakeGate();
    const leases = new HoldLeases(gate, LEASE_MS);
    const id = await leases.take();
    await gate.pass(async () => undefined);
    expect(() => leases.renew(id)).toThrow(expect.objectContaining({ code: 'NOT_RUNNING' }));
    await expect(leases.release(id)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});
