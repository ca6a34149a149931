import { SimulatedLog } from '../../../src/log/simulated/simulated-log.ts';
import { logConformance } from './log-conformance.ts';
import type { LogSettings, LogUnderTest } from './log-under-test.ts';

async function open(settings: LogSettings = {}): Promise<LogUnderTest> {
  const log = new SimulatedLog({ random: () => 0.3, clock: () => under.nowMs, ...settings });
  const under: LogUnderTest & { log: SimulatedLog } = {
    nowMs: 1_700_000_000_000,
    log,
    async reopen() {
      under.log = under.log.reopen();
    },
    async crash() {
      under.log.crash();
      under.log = under.log.reopen();
    },
    async dispose() {
      await under.log.close();
    },
  };
  return under;
}

logConformance('simulated', open);
