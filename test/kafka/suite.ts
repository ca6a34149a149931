import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Brokers, type BrokersOptions, startBrokers } from './brokers.ts';
import { missingTools } from './provision.ts';

/** A broker starts in seconds; what Maven brings the first time is brought before the tests. */
const START_TIMEOUT_MS = 300_000;

export interface KafkaSuiteOptions extends BrokersOptions {
  /** Those that take long are left to CI, so that `npm test` stays within ten minutes elsewhere. */
  readonly onlyInCi?: boolean;
}

/**
 * Tests that need Apache Kafka, with brokers of their own. Where no JDK or Maven is they are skipped and the reason is told; where CI runs
 * them that is a failure.
 */
export function kafkaSuite(
  name: string,
  { onlyInCi = false, ...options }: KafkaSuiteOptions,
  define: (brokers: () => Brokers) => void,
): void {
  if (onlyInCi && process.env.CI === undefined) {
    describe.skip(name, () => it('runs in CI, or with CI=true', () => {}));
    return;
  }
  const missing = missingTools();
  if (missing !== undefined && process.env.CI === undefined) {
    describe.skip(name, () => it(`needs Apache Kafka: ${missing}`, () => {}));
    return;
  }
  describe(name, () => {
    let brokers: Brokers | undefined;
    beforeAll(async () => {
      brokers = await startBrokers({ isShortLived: true, ...options });
    }, START_TIMEOUT_MS);
    afterAll(async () => brokers?.close());
    define(() => brokers!);
  });
}
