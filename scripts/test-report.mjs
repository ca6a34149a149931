import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * A reporter of vitest that writes what the last line of `npm test` needs as JSON into the file that
 * HEADRACE_TEST_REPORT names. vitest's own JSON reporter leaves out why a test was skipped, and errors outside tests.
 */
export default class TestReport {
  onTestRunEnd(modules, unhandledErrors) {
    const report = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      // A file, or a describe block, that fails outside its tests (an import, a beforeAll) has no failed test to count.
      report.failed += module.errors().length;
      for (const suite of module.children.allSuites()) report.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') report.passed += 1;
        else if (result.state === 'failed') report.failed += 1;
        else {
          const file = relative(process.cwd(), module.moduleId);
          report.skipped.push({ name: `${file} > ${test.fullName}`, reason: result.note });
        }
      }
    }
    writeFileSync(process.env.HEADRACE_TEST_REPORT, JSON.stringify(report));
  }
}
